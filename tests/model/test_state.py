"""State between commands: what is kept, what is not."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.specs import agent_spec

from xenscmi.devicetree import load
from xenscmi.host.reader import read_host
from xenscmi.host.types import FirmwareAgent, FirmwareDevice, Host, HostFirmware
from xenscmi.model.errors import Panic
from xenscmi.model.guest import Guest
from xenscmi.model.state import StateError, StateFile, Store
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.clock import ClockConfig, ClockConfigSetRequest
from xenscmi.toolstack.backend import Inventory
from xenscmi.toolstack.create import CreationError, create
from xenscmi.toolstack.spec import DomainSpec

HOST_DTS = Path(__file__).parents[1] / "vectors" / "xl-create" / "host.dts"
DEVICE = "/soc/fakedev@a003000"


def lab_host() -> Host:
    agents = tuple(FirmwareAgent(agent_id=n, func_id=0x8200_0002 + n, shmem=0x47FF_0000 + n * 0x1000) for n in range(8))
    own = [frozenset((n,)) for n in range(8)]
    devices = tuple(FirmwareDevice(device_id=n, clocks=own[n], resets=own[n], power_domains=own[n]) for n in range(8))
    return read_host(load(HOST_DTS), firmware=HostFirmware(agents=agents, devices=devices, trusted_agent=1))


@pytest.fixture(scope="module")
def host() -> Host:
    return lab_host()


def store_of(path: Path, host: Host) -> Store:
    return Store(StateFile(path), lambda: host, str(HOST_DTS))


@pytest.fixture
def store(tmp_path: Path, host: Host) -> Store:
    return store_of(tmp_path / "state" / "host.db", host)


def plan(agent_id: int, *dtdevs: str, name: str = "") -> DomainSpec:
    return agent_spec(agent_id, "scmi_smc_multiagent", 0x47FF0 + agent_id, *dtdevs, name=name)


def make(store: Store, name: str, agent_id: int, *dtdevs: str) -> int:
    with store.session() as xen:
        return create(xen, plan(agent_id, *dtdevs, name=name))


def domids(xen: Inventory) -> list[int]:
    return [info.domid for info in xen.getdomaininfolist()]


def test_domains_outlive_the_command_that_made_them(store: Store) -> None:
    assert make(store, "one", 2, DEVICE) == 1
    with store.session() as xen:
        domain = xen.domain(1)
        guest = Guest(xen, 1, domain.memory, 0x8200_0004, 0x2200_1000)
        on = ClockConfigSetRequest(3, ClockConfig.of(state=1), 0)
        assert not isinstance(guest.ask(ProtocolId.CLOCK, on), Refusal)
    xen = store.model()
    assert xen.names() == {0: "Domain-0", 1: "one"}
    assert {agent.agent_id: agent.owner for agent in xen.agents() if isinstance(agent.owner, int)} == {0: 0, 2: 1}
    assert xen.domain(1).devices == [DEVICE]
    assert xen.firmware.servers[ProtocolId.CLOCK].state()[3] == [True, 24_000_000, None]


def test_what_xen_refuses_leaves_its_traces(store: Store) -> None:
    make(store, "one", 2)
    with pytest.raises(CreationError) as caught:
        make(store, "twice", 2)
    assert caught.value.errno == errno.EEXIST
    assert make(store, "three", 3) == 3
    assert "scmi: Failed to acquire SCMI channel for agent_id 2: -17" in store.log()
    assert [line for line in store.log() if "Acquire" in line] == [
        "scmi: Acquire channel id = 0x0, domain_id = 0 paddr = 0x47ff0000",
        "scmi: Acquire channel id = 0x2, domain_id = 1 paddr = 0x47ff2000",
        "scmi: Acquire channel id = 0x3, domain_id = 3 paddr = 0x47ff3000",
    ]


def test_anything_else_leaves_none(store: Store) -> None:
    make(store, "one", 2)

    def interrupted() -> None:
        with store.session() as xen:
            create(xen, plan(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert domids(store.look()) == [0, 1]
    assert make(store, "two", 3) == 2


def test_a_destroyed_domain_gives_back_its_agent(store: Store) -> None:
    make(store, "one", 2, DEVICE)
    with store.session() as xen:
        xen.destroydomain(1)
    xen = store.model()
    assert xen.names() == {0: "Domain-0"}
    assert xen.firmware.permissions.devices_of(2) == frozenset()
    assert make(store, "again", 2) == 2


def test_looking_keeps_nothing(store: Store) -> None:
    create(store.model(), plan(2))
    assert domids(store.look()) == [0]
    assert store.log().count("scmi: Got agent count 8") == 1


def test_switching_off_forgets(tmp_path: Path, store: Store) -> None:
    make(store, "one", 2)
    StateFile(tmp_path / "state" / "host.db").switch_off()
    assert domids(store.look()) == [0]
    assert make(store, "one", 2) == 1


def test_a_host_that_changed_is_booted_anew_if_nothing_runs_on_it(tmp_path: Path, store: Store, host: Host) -> None:
    other = replace(host, firmware=replace(host.firmware, unsupported=frozenset({"BASE_DISCOVER_VENDOR"})))
    changed = store_of(tmp_path / "state" / "host.db", other)
    store.look()
    assert domids(changed.look()) == [0]
    make(changed, "one", 2)
    with pytest.raises(StateError, match="files have changed since it was booted"):
        store.model()


def test_a_panic_is_told_and_not_kept(tmp_path: Path) -> None:
    text = HOST_DTS.read_text().replace("xen,dom0-sci-agent-id = <0>", "xen,dom0-sci-agent-id = <9>")
    (tmp_path / "host.dts").write_text(text)
    store = store_of(tmp_path / "state.db", read_host(load(tmp_path / "host.dts")))
    with pytest.raises(Panic, match="Error creating domain 0") as caught:
        store.look()
    assert caught.value.log[-1] == "scmi: Failed to acquire SCMI channel for agent_id 9: -2"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"this is no database at all, and long enough to be sure of it" * 20),
        lambda path: path.mkdir(),
        lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close(),
    ],
    ids=["no database", "a folder", "another version"],
)
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, host: Host, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "state.db"
    spoil(path)
    with pytest.raises(StateError, match="state file"):
        store_of(path, host).look()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE machine SET firmware = '[7]'",
        "UPDATE machine SET firmware = '{'",
        "UPDATE machine SET location = '{'",
        "UPDATE domain SET memory = '[[1, 2]]'",
        "UPDATE domain SET agent_id = 77 WHERE domid",
        "UPDATE domain SET offer = '[1]'",
        "DROP TABLE domain",
    ],
)
def test_a_damaged_state_is_refused_in_words(tmp_path: Path, store: Store, damage: str) -> None:
    make(store, "one", 2)
    path = tmp_path / "state" / "host.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()

    def look() -> None:
        StateFile(path).location()
        store.look()
        store.model()

    with pytest.raises(StateError, match="state file"):
        look()
