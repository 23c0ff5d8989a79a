"""Run a whole host without hardware, and show which domain reaches which device.

`simulate` boots the host and creates every domain. Each agent then tries every resource of every device, and what no
domain may do: use others' SMC function ids and pages, set permissions, reset an agent. The assignments
(access-controllers, xen,path, dtdev) say what to expect; every difference is a deviation. An agent with a page for
notifications (`p2a_page`) asks for all of them, and the output lists those that it can get. The run is not kept.

With --on board, every call that Xen makes to EL3 is a real SMC on a virtual board (qemu), served by xenscmi's firmware
behind an EL3 monitor; the result is compared with that of the model, cell by cell.

--format html is one file for a browser: what `xenscmi check --format html` shows, and what the run shows.

--evidence writes a folder for a safety case: each agent sends every message about every resource, and each answer is
held against what the host's files let the agent do. The folder also has hashes of all inputs, requirements
with the tests that cover them, and what this does not show. The same host makes the same bytes.

PATH is as for `xenscmi check`; the default is the current folder.

In a build, --hosts runs many hosts at once, --cache keeps results while nothing that they depend on has changed, and
--output and --depfile make a step for Make or ninja.

exit codes: 0 no deviation; 1 deviations, or board and model differ, or the evidence is not clean; 2 the input cannot be
used, or there is no qemu; of many hosts, the worst

examples:
  xenscmi simulate board/
  xenscmi simulate --json board/ | jq .deviations
  xenscmi simulate --on board board/
  xenscmi simulate --format html --against board-v1/ board/ > board.html
  xenscmi simulate --evidence evidence/ board/
  xenscmi simulate --hosts 'variants/*/host.toml' --format junit -o simulate.xml
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import configure_include, load_given_host, put, say, show, write_json
from xenscmi.cli.fleet import configure_fleet, in_build, wrong_use
from xenscmi.cli.running import EXIT_FAILURE, EXIT_UNUSABLE, guarded, print_xen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.host.load import LoadedHost
    from xenscmi.simulation.simulate import Simulation


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="run the host in this folder, host.toml or these files"
    )
    configure_include(parser)
    parser.add_argument(
        "--on", choices=("model", "board"), default="model", help="choose where the firmware runs (default: model)"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "junit", "html"), default="text", help="choose the format (default: text)"
    )
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="print JSON, with Xen's log")
    parser.add_argument(
        "--against", metavar="DIR", help="show in the HTML page how the host differs from the one in this folder"
    )
    parser.add_argument(
        "--evidence",
        metavar="DIR",
        help="write a folder of evidence: what each agent was answered to every message about every resource",
    )
    configure_fleet(parser, "run")


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    if arguments.against is not None and arguments.format != "html":
        say("xenscmi simulate: error: --against needs --format html")
        return EXIT_UNUSABLE
    alone = _alone(arguments)
    if wrong := wrong_use(arguments, alone):
        say(f"xenscmi simulate: error: {wrong}")
        return EXIT_UNUSABLE
    if in_build(arguments, alone):
        from xenscmi.cli.simulate_fleet import simulate_hosts

        return simulate_hosts(arguments)
    if arguments.evidence is not None:
        from xenscmi.cli.evidence import write_evidence

        return write_evidence(arguments)
    from xenscmi.model.console import telling_lines
    from xenscmi.simulation.compare import compare
    from xenscmi.simulation.simulate import simulate

    loaded = load_given_host(arguments)
    host = loaded.host
    show(host.notes)
    model = simulation = simulate(host)
    if arguments.on == "board":
        from xenscmi.board.observed import simulate_on_board

        simulation = simulate_on_board(host)
    differences = compare(model, simulation)
    _write(arguments, loaded, simulation)
    if simulation.panic is not None:
        print_xen(telling_lines(simulation.log))
    show(simulation.refusals)
    for each in differences:
        say(f"xenscmi: {each.domain}: {each.subject}: {each.first} on the model, {each.second} on the board")
    return EXIT_FAILURE if simulation.deviations or differences else 0


def _alone(arguments: Namespace) -> list[str]:
    """Return what was asked for that cannot be a step of a build."""
    asked = {
        "--format html": arguments.format == "html",
        "--on board": arguments.on == "board",
        "--evidence": arguments.evidence is not None,
    }
    return [name for name, given in asked.items() if given]


def _write(arguments: Namespace, loaded: LoadedHost, simulation: Simulation) -> None:
    if arguments.format == "html":
        from xenscmi.api import check
        from xenscmi.cli.page import host_report, other_host, put_page

        against = other_host(arguments.against, run=True) if arguments.against is not None else None
        put_page(host_report(arguments.paths, loaded, check(loaded), simulation), against)
        return
    from xenscmi.cli.terminal import width_of
    from xenscmi.report.matrix import device_labels, document, render

    labels = device_labels(loaded.host)
    if arguments.format == "json":
        write_json(document(simulation, *labels))
    else:
        put(render(simulation, *labels, width_of(sys.stdout)))
