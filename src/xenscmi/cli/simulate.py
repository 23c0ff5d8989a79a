"""Run a whole host without hardware, and show which domain reaches which device.

The host is booted, every domain is made, and each agent tries every resource of every device, and what no domain may
do: others' SMC function ids and pages, setting permissions, resetting an agent. What is expected follows from the
assignments (access-controllers, xen,path, dtdev); whatever differs is a deviation. Nothing is kept of the run.

PATH is a folder, a host.toml, or the files of a host, as for `xenscmi check`; without it, the current folder.

exit codes: 0 as expected; 1 deviations; 2 input that cannot be used

examples:
  xenscmi simulate board/
  xenscmi simulate --json board/ | jq .deviations
  xenscmi simulate --boot-vector vectors/boot/good-default --json
"""

from __future__ import annotations

from pathlib import Path

from xenscmi.cli.files import put, show
from xenscmi.cli.running import EXIT_FAILURE, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.host.types import Host


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder, a host.toml, or the files of a host")
    parser.add_argument(
        "--boot-vector",
        metavar="DIR",
        type=Path,
        help="a folder as in vectors/boot: host.dts, domU1.dts, … and the firmware of expected.json; "
        "with --json, what a test guest in each domain saw, in the form of expected.json",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, with Xen's log")


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.cli.hosts import load_boot_vector, load_host

    if arguments.boot_vector is None:
        loaded = load_host(arguments.paths)
    else:
        loaded = load_boot_vector(arguments.boot_vector)
        if arguments.json:
            return _boot_vector(loaded.host)
    show(loaded.host.notes)
    return _simulate(loaded.host, as_json=arguments.json)


def _boot_vector(host: Host) -> int:
    import json

    from xenscmi.simulation.vector import boot_vector

    put(json.dumps(boot_vector(host), indent=2) + "\n")
    return 0


def _simulate(host: Host, *, as_json: bool) -> int:
    from xenscmi.model.devices import device_paths
    from xenscmi.report.matrix import document, render
    from xenscmi.simulation.simulate import simulate

    simulation = simulate(host)
    paths = device_paths(host.tree) if host.tree is not None else {}
    put(document(simulation, paths) + "\n" if as_json else render(simulation, paths))
    return EXIT_FAILURE if simulation.deviations else 0
