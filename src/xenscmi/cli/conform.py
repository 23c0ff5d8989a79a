"""Test whether an SCMI platform does what the specification (Arm DEN0056) says.

The platform is our own firmware, in this process or on the virtual board (--on); a server behind Unix sockets
(--socket); or the firmware of the machine that this runs on (--raw). Of --socket and of the agents of a host, the first
is the one under test; the others serve to see what agents can do to each other. Each test ends as pass, fail or not
supported. Tests that change the state of resources put it back; on --socket and --raw they run with --changes only.

exit codes: 0 no test failed; 1 some failed; 2 the platform cannot be reached, or input that cannot be used

examples:
  xenscmi conform
  xenscmi conform --on board --host board/ --agent 2
  xenscmi conform --raw --test 'clock.*'
  xenscmi conform --socket /run/scmi/agent1 --changes --format junit > conform.xml
  xenscmi conform --list
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put, show
from xenscmi.diagnostics import Diagnostic, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from xenscmi.conformance.case import Case
    from xenscmi.conformance.suite import Result
    from xenscmi.conformance.tester import AgentChannel
    from xenscmi.firmware import FirmwareProfile, Platform

EXIT_FAILED, EXIT_UNUSABLE = 1, 2
RAW_FOLDER = "/sys/kernel/debug/scmi/0"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    platform = parser.add_mutually_exclusive_group()
    platform.add_argument("--on", choices=("model", "board"), default="model", help="test our firmware there (model)")
    platform.add_argument(
        "--socket", metavar="PATH", action="append", help="test the server behind an agent's Unix socket; repeatable"
    )
    platform.add_argument(
        "--raw", metavar="DIR", nargs="?", const=RAW_FOLDER, help=f"test by a running Linux's raw mode ({RAW_FOLDER})"
    )
    parser.add_argument("--host", metavar="PATH", help="test the firmware of a host: its folder, host.toml or tree")
    parser.add_argument("--profile", metavar="NAME", help="choose how our firmware behaves: see docs (generic)")
    parser.add_argument("--agent", metavar="ID", type=int, help="choose the agent under test (the first)")
    parser.add_argument("--test", metavar="PATTERN", action="append", default=[], help="run these tests only: clock.*")
    parser.add_argument("--changes", action="store_true", help="run tests that change resources, on every platform")
    parser.add_argument("--list", action="store_true", help="list the tests and their sections, and run none")
    parser.add_argument("--format", choices=("text", "json", "junit"), default="text", help="choose the output (text)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show tests that pass too")


def run(arguments: Namespace) -> int:
    """Run the command."""
    try:
        return _run(arguments)
    except XenscmiError as error:
        show(error.diagnostics)
    return EXIT_UNUSABLE


def _run(arguments: Namespace) -> int:
    from xenscmi.conformance.suite import all_cases, select

    cases = select(all_cases(), arguments.test)
    if not cases:
        raise XenscmiError(
            Diagnostic(message=f"no test is called {' or '.join(arguments.test)}", help="see xenscmi conform --list")
        )
    if arguments.list:
        from xenscmi.cli.terminal import width_of
        from xenscmi.report.conformance import listing
        from xenscmi.report.wrapping import fold_all

        put(fold_all(listing(cases), width_of(sys.stdout)))
        return 0
    if arguments.socket:
        return _on_sockets(arguments, cases)
    if arguments.raw:
        return _on_linux(arguments, cases)
    platform, profile = _firmware(arguments)
    return (_on_board if arguments.on == "board" else _on_model)(arguments, cases, platform, profile)


def _on_sockets(arguments: Namespace, cases: Sequence[Case]) -> int:
    from contextlib import ExitStack
    from pathlib import Path

    from xenscmi.conformance.tester import AgentChannel
    from xenscmi.conformance.transports import UnixSocket

    with ExitStack() as stack:
        channels = [AgentChannel(path, stack.enter_context(UnixSocket(Path(path)))) for path in arguments.socket]
        return _report(arguments, cases, channels, arguments.socket[0], changes=arguments.changes)


def _on_linux(arguments: Namespace, cases: Sequence[Case]) -> int:
    from pathlib import Path

    from xenscmi.conformance.tester import AgentChannel
    from xenscmi.conformance.transports import RawMode

    with RawMode(Path(arguments.raw)) as exchange:
        channels = [AgentChannel(arguments.raw, exchange)]
        return _report(arguments, cases, channels, arguments.raw, changes=arguments.changes)


def _on_model(arguments: Namespace, cases: Sequence[Case], platform: Platform, profile: FirmwareProfile) -> int:
    from xenscmi.conformance.tester import AgentChannel
    from xenscmi.firmware import Firmware
    from xenscmi.scmi.shmem import Posted

    firmware = Firmware(platform, profile)

    def channel(agent: int) -> AgentChannel:
        return AgentChannel(
            f"agent {agent}",
            lambda posted: Posted(posted.header, firmware.answer(agent, posted.header, posted.payload)),
            lambda: firmware.outbox.next(agent),
        )

    channels = [channel(each) for each in _order(arguments, platform)]
    return _report(arguments, cases, channels, f"the model, {profile.name}", changes=True)


def _on_board(arguments: Namespace, cases: Sequence[Case], platform: Platform, profile: FirmwareProfile) -> int:
    from xenscmi.board.channels import board_channels
    from xenscmi.conformance.tester import AgentChannel

    order = _order(arguments, platform)
    with board_channels(platform, profile) as board:
        channels = [AgentChannel(f"agent {each}", board.exchange_of(each), board.receive_of(each)) for each in order]
        return _report(arguments, cases, channels, f"the board, {profile.name}", changes=True)


def _firmware(arguments: Namespace) -> tuple[Platform, FirmwareProfile]:
    """Return the platform to test and how its firmware behaves. Raises XenscmiError for a profile that is none."""
    from xenscmi.host.firmware import read_profile

    given = read_profile(arguments.profile) if arguments.profile else None
    if arguments.host is None:
        from xenscmi.board.showcase import showcase

        return showcase(), given or read_profile("generic")
    from xenscmi.cli.files import load_host
    from xenscmi.host.platform import platform_of, profile_of

    host = load_host([arguments.host]).host
    return platform_of(host), given or profile_of(host)


def _order(arguments: Namespace, platform: Platform) -> list[int]:
    """Return the agents' ids, the one under test first. Raises XenscmiError if there is none of that id."""
    known = [agent.agent_id for agent in platform.agents]
    if not known:
        raise XenscmiError(Diagnostic(message="the platform has no agent", help="list some under [firmware]"))
    first = known[0] if arguments.agent is None else arguments.agent
    if first not in known:
        message = f"the platform has no agent {first}"
        raise XenscmiError(Diagnostic(message=message, help=f"agents are {', '.join(map(str, known))}"))
    return [first, *(each for each in known if each != first)]


def _report(
    arguments: Namespace, cases: Sequence[Case], channels: Sequence[AgentChannel], platform: str, *, changes: bool
) -> int:
    from xenscmi.cli.progress import Progress
    from xenscmi.cli.terminal import width_of
    from xenscmi.conformance.suite import run_suite
    from xenscmi.conformance.verdict import Verdict
    from xenscmi.report import conformance as report
    from xenscmi.report.wrapping import fold_all

    width = width_of(sys.stdout)
    first, *others = channels
    results: list[Result] = []
    with Progress(len(cases), "tests") as progress:
        for result in run_suite(cases, first, others, changes=changes):
            results.append(result)
            progress.step()
            if arguments.format == "text" and (arguments.verbose or result.verdict is not Verdict.PASS):
                progress.clear()
                put(fold_all(report.line(result), width) + "\n")
    if arguments.format == "text":
        put(f"{report.summary(results)} on {platform}\n")
    else:
        make = report.as_json if arguments.format == "json" else report.as_junit
        put(make(results, platform).rstrip("\n") + "\n")
    return EXIT_FAILED if any(result.verdict is Verdict.FAIL for result in results) else 0
