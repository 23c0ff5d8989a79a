"""Many commands at once on one host, and commands that are killed: real processes, as a user's scripts start them."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xenscmi.cli.files import load_host
from xenscmi.model.state import StateFile, Store

XL_CREATE = Path(__file__).parents[1] / "vectors" / "xl-create"
FIRST, AGENTS = 8, 20
PAGE = 0x4800_0000 - 0x10_0000  # the hole in the lab's memory
FUNC_ID = 0x8200_0002
DEVICE = "/soc/fakedev@a003000"
COMMAND = [sys.executable, "-m", "xenscmi"]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A DTB of the lab's host with 20 more agents, from agent 8 on."""
    text = (XL_CREATE / "host.dts").read_text()
    numbers = range(FIRST, FIRST + AGENTS)
    rows = "".join(f"{FUNC_ID + n:#x} &more_{n} {n}\n" for n in numbers)
    pages = "".join(
        f'more_{n}: sram@{PAGE + n * 0x1000:x} {{ compatible = "arm,scmi-shmem";'
        f" reg = <0x0 {PAGE + n * 0x1000:#x} 0x0 0x1000>; }};\n"
        for n in numbers
    )
    text = text.replace("scmi-secondary-agents = <", f"scmi-secondary-agents = <\n{rows}")
    text = text.replace("scmi_shm_0: sram", f"{pages}scmi_shm_0: sram", 1)
    (tmp_path / "host.dts").write_text(text)
    dtb = tmp_path / "host.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", dtb, tmp_path / "host.dts"], check=True)
    return dtb


def config(folder: Path, name: str, agent_id: int) -> str:
    path = folder / f"{name}.cfg"
    page = (PAGE >> 12) + agent_id
    path.write_text(
        f'name = "{name}"\nkernel = "/boot/Image"\nmemory = 32\ndtdev = [ "{DEVICE}" ]\n'
        f'iomem = [ "{page:x},1@22001" ]\narm_sci = "type=scmi_smc_multiagent,agent_id={agent_id}"\n'
    )
    return str(path)


def start(state: Path, host: Path, command: str, *arguments: str) -> subprocess.Popen[bytes]:
    line = [*COMMAND, command, *arguments, "--state", str(state), "--host", str(host)]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_two_hundred_commands_at_once_never_give_an_agent_two_owners(tmp_path: Path, host: Path) -> None:
    """Half of them make a domain of one of 20 agents, half destroy one; Xen's log tells who had which agent when."""
    state, chance = tmp_path / "host.db", random.Random(4)
    lines: list[tuple[str, ...]] = []
    for number in range(100):
        name = f"d{number}"
        lines.append(("create", "-q", config(tmp_path, name, FIRST + number % AGENTS)))
        lines.append(("destroy", name))
    chance.shuffle(lines)
    running = [start(state, host, *line) for line in lines]
    said = [process.communicate(timeout=300)[1] for process in running]
    codes = [process.returncode for process in running]
    assert not [text for text in said if b"Traceback" in text]
    assert {code for line, code in zip(lines, codes, strict=True) if line[0] == "create"} <= {0, 3}
    assert {code for line, code in zip(lines, codes, strict=True) if line[0] == "destroy"} <= {0, 1}
    store = store_of(state, host)
    owners = replay(store.log())
    xen = store.look()
    assert owners == {agent.agent_id: agent.owner for agent in xen.agents() if isinstance(agent.owner, int)}
    created = sum(code == 0 and line[0] == "create" for line, code in zip(lines, codes, strict=True))
    destroyed = sum(code == 0 and line[0] == "destroy" for line, code in zip(lines, codes, strict=True))
    assert created >= AGENTS
    assert len(xen.getdomaininfolist()) == 1 + created - destroyed


def store_of(state: Path, host: Path) -> Store:
    return Store(StateFile(state), lambda: load_host([str(host)]).host, str(host))


def replay(log: list[str]) -> dict[int, int]:
    """Follow Xen's log; return who has which agent in the end. Fails where one is given away twice."""
    owners: dict[int, int] = {}
    for line in log:
        if acquired := re.match(r"scmi: Acquire channel id = (0x\w+), domain_id = (\d+)", line):
            agent_id = int(acquired[1], 16)
            assert agent_id not in owners, line
            owners[agent_id] = int(acquired[2])
        elif freed := re.match(r"scmi: Free domain (\d+)", line):
            owners = {agent_id: domid for agent_id, domid in owners.items() if domid != int(freed[1])}
    return owners


@pytest.mark.slow
def test_a_create_that_is_killed_happened_or_did_not(tmp_path: Path, host: Path) -> None:
    """200 times kill -9 at a random point; each time the state is whole, and the next command can use it."""
    state, chance = tmp_path / "host.db", random.Random(5)
    file = config(tmp_path, "guest", FIRST)
    store = store_of(state, host)
    store.look()
    began = time.monotonic()
    with start(state, host, "create", "-q", file) as process:
        assert process.wait(timeout=60) == 0
    longest = 1.1 * (time.monotonic() - began)
    made = 1
    with store.session() as xen:
        xen.destroydomain(1)
    for _ in range(200):
        with start(state, host, "create", "-q", file) as process:
            time.sleep(chance.uniform(0, longest))
            process.send_signal(signal.SIGKILL)
        with store.session() as xen:
            found = [domain for domid, domain in xen.domains.items() if domid]
            assert [domain.channel.agent_id for domain in found if domain.channel] in ([], [FIRST])
            granted = xen.firmware.permissions.devices_of(FIRST)
            assert granted == (frozenset({3}) if found else frozenset())
            for domain in found:
                assert domain.name == "guest"
                assert domain.devices == [DEVICE]
                assert domain.memory.mappings == ((0x22001, 1, (PAGE >> 12) + FIRST),)
                xen.destroydomain(domain.domid)
            made += len(found)
    assert 0 < made < 200
    with start(state, host, "create", "-q", file) as process:
        assert process.wait(timeout=60) == 0
