"""Run a whole host without hardware, and show which domain reaches which device.

The host is booted, every domain is made, and each agent tries every resource of every device, and what no domain may
do: others' SMC function ids and pages, setting permissions, resetting an agent. What is expected follows from the
assignments (access-controllers, xen,path, dtdev); whatever differs is a deviation. Nothing is kept of the run.

PATH is a folder, a host.toml, or the files of a host, as for `xenscmi check`; without it, the current folder.

exit codes: 0 as expected; 1 deviations; 2 input that cannot be used

examples:
  xenscmi simulate board/
  xenscmi simulate --json board/ | jq .deviations
"""

from __future__ import annotations

from xenscmi.cli.files import load_host, put, show
from xenscmi.cli.running import EXIT_FAILURE, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder, a host.toml, or the files of a host")
    parser.add_argument("--json", action="store_true", help="as JSON, with Xen's log")


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.model.devices import device_paths
    from xenscmi.report.matrix import document, render
    from xenscmi.simulation.simulate import simulate

    host = load_host(arguments.paths).host
    show(host.notes)
    simulation = simulate(host)
    paths = device_paths(host.tree) if host.tree is not None else {}
    put(document(simulation, paths) + "\n" if arguments.json else render(simulation, paths))
    return EXIT_FAILURE if simulation.deviations else 0
