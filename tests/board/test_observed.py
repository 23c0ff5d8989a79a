"""What runs on the model runs on the board with the same results: the conformance suite, and whole hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from boot_vector import read_firmware

from xenscmi.board.board import Hardware, Software, board_tree
from xenscmi.board.channels import board_channels, on_the_board
from xenscmi.board.hosts import board_host
from xenscmi.board.observed import simulate_on_board
from xenscmi.board.showcase import showcase
from xenscmi.board.tree import compile_board
from xenscmi.cli import main
from xenscmi.cli.files import load_host
from xenscmi.conformance.suite import all_cases, run_suite
from xenscmi.conformance.tester import AgentChannel
from xenscmi.conformance.verdict import Verdict
from xenscmi.devicetree import load
from xenscmi.diagnostics import Severity, XenscmiError
from xenscmi.firmware import PROFILES, Firmware, Platform, PlatformAgent
from xenscmi.host.reader import read_host
from xenscmi.rules.engine import check
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.shmem import Posted
from xenscmi.scmi.status import Status
from xenscmi.simulation.compare import Difference, compare
from xenscmi.simulation.simulate import simulate
from xenscmi.source import Source

EXAMPLE = Path(__file__).parents[2] / "examples" / "spider"
VECTORS = Path(__file__).parents[1] / "vectors" / "boot"
AGENTS = (1, 2, 3)


@contextmanager
def on_model(profile: str) -> Iterator[list[AgentChannel]]:
    firmware = Firmware(showcase(), PROFILES[profile])

    def channel(agent: int) -> AgentChannel:
        return AgentChannel(
            str(agent),
            lambda posted: Posted(posted.header, firmware.answer(agent, posted.header, posted.payload)),
            lambda: firmware.outbox.next(agent),
        )

    yield [channel(agent) for agent in AGENTS]


@contextmanager
def on_board(profile: str) -> Iterator[list[AgentChannel]]:
    with board_channels(showcase(), PROFILES[profile]) as board:
        yield [AgentChannel(str(agent), board.exchange_of(agent), board.receive_of(agent)) for agent in AGENTS]


@pytest.mark.slow
def test_the_conformance_suite_has_the_same_verdicts_on_model_and_board(qemu: str) -> None:
    verdicts = []
    for where in (on_model, on_board):
        with where("generic") as (first, *others):
            results = run_suite(all_cases(), first, others)
            verdicts.append({result.case.name: (result.verdict, result.words) for result in results})

    assert verdicts[0] == verdicts[1]
    assert Verdict.FAIL not in {verdict for verdict, _ in verdicts[1].values()}


def test_the_example_host_is_the_same_on_model_and_board(qemu: str) -> None:
    host = load_host([str(EXAMPLE)]).host

    model, board = simulate(host), simulate_on_board(host)

    assert compare(model, board) == ()
    assert board.deviations == ()
    assert [view.agent_id for view in board.domains] == [1, 3, 2, 4]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "good-dom0+2domU",
        "cells-2",
        "domU-yielding",
        "domU-other-agents-page",
        "dup-agent-id-in-list",
        "fw-no-permissions-dom0",
    ],
)
def test_hosts_that_a_real_xen_booted_or_refused_are_the_same_on_model_and_board(qemu: str, name: str) -> None:
    folder = VECTORS / name
    host = read_host(
        load(folder / "host.dts"),
        partial={path.stem: load(path) for path in folder.glob("domU*.dts")},
        firmware=read_firmware(Source("expected.json", (folder / "expected.json").read_text())),
    )

    assert compare(simulate(host), simulate_on_board(host)) == ()


def test_simulate_on_board_shows_the_matrix(qemu: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["simulate", "--on", "board", str(EXAMPLE)])

    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert "no deviation in 68 things tried" in out


class Untrusting(Firmware):
    """Denies whatever is asked of a clock."""

    def answer(self, agent: int, header: Header, payload: bytes) -> bytes:
        if header.protocol_id == ProtocolId.CLOCK:
            return Status.DENIED.to_bytes(4, "little", signed=True)
        return super().answer(agent, header, payload)


def test_the_tree_that_is_made_for_xen_is_one_that_a_multi_agent_xen_boots() -> None:
    """Read back by the readers of hosts, it gives dom0 its agent and its devices, and the rules find nothing in it."""
    example = board_host(load_host([str(EXAMPLE)]).host)
    assert example.dom0_agent is not None
    software = Software(linux=b"linux", xen=b"xen", bootargs="console=hvc0", xen_bootargs="console=dtuart")
    dts = board_tree(Hardware(), software, example.agents([example.dom0_agent]), example.container())
    firmware = load_host([str(EXAMPLE)]).host.firmware

    host = read_host(compile_board(dts), firmware=replace(firmware, agents=None))
    simulation = simulate(host)

    assert (simulation.panic, simulation.deviations) == (None, ())
    (dom0,) = simulation.domains
    assert (dom0.agent_id, dom0.given) == (1, frozenset({14}))
    assert [each.message for each in check(host) if each.severity is Severity.ERROR] == []


def test_what_two_runs_do_not_agree_on_is_found() -> None:
    host = load_host([str(EXAMPLE)]).host

    found = compare(simulate(host), simulate(host, Untrusting))

    assert Difference(domain="dom0", subject="device 14", first="all", second="some") in found


def test_pages_are_put_where_the_board_has_room() -> None:
    platform = on_the_board(showcase())

    pages = [page for agent in platform.agents for page in (agent.shmem, agent.p2a_shmem)]
    assert pages == [0x47F00000 + number * 0x1000 for number in range(6)]
    many = tuple(PlatformAgent(agent_id=number, func_id=number, shmem=0) for number in range(121))
    with pytest.raises(XenscmiError, match="the board has room for 120 agents' pages"):
        on_the_board(Platform(agents=many))
