"""Run a whole host without hardware, and show which domain reaches which device.

`simulate` boots the host and creates every domain. Each agent then tries every resource of every device, and what no
domain may do: use others' SMC function ids and pages, set permissions, reset an agent. The assignments
(access-controllers, xen,path, dtdev) say what to expect; every difference is a deviation. An agent with a page for
notifications (`p2a_page`) asks for all of them, and the output lists those that it can get. The run is not kept.

With --on board, every call that Xen makes to EL3 is a real SMC on a virtual board (qemu), served by xenscmi's firmware
behind an EL3 monitor; the result is compared with that of the model, cell by cell.

PATH is as for `xenscmi check`; the default is the current folder.

exit codes: 0 no deviation; 1 deviations, or board and model differ; 2 the input cannot be used, or there is no qemu

examples:
  xenscmi simulate board/
  xenscmi simulate --json board/ | jq .deviations
  xenscmi simulate --on board board/
"""

from __future__ import annotations

from xenscmi.cli.files import configure_include, load_host, put, say, show
from xenscmi.cli.running import EXIT_FAILURE, guarded, print_xen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="run the host in this folder, host.toml or these files"
    )
    configure_include(parser)
    parser.add_argument(
        "--on", choices=("model", "board"), default="model", help="choose where the firmware runs (default: model)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with Xen's log")


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.host.platform import declared_names
    from xenscmi.model.console import telling_lines
    from xenscmi.model.devices import device_paths
    from xenscmi.report.matrix import document, render
    from xenscmi.simulation.compare import compare
    from xenscmi.simulation.simulate import simulate

    host = load_host(arguments.paths, arguments.include).host
    show(host.notes)
    model = simulation = simulate(host)
    if arguments.on == "board":
        from xenscmi.board.observed import simulate_on_board

        simulation = simulate_on_board(host)
    differences = compare(model, simulation)
    paths = device_paths(host.tree) if host.tree is not None else {}
    names = declared_names(host)
    put(document(simulation, paths, names) + "\n" if arguments.json else render(simulation, paths, names))
    if simulation.panic is not None:
        print_xen(telling_lines(simulation.log))
    show(simulation.refusals)
    for each in differences:
        say(f"xenscmi: {each.domain}: {each.subject}: {each.first} on the model, {each.second} on the board")
    return EXIT_FAILURE if simulation.deviations or differences else 0
