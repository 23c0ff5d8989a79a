"""Show a host as a table: agents, function ids, pages, owners, devices.

PATH is as for `xenscmi check`. Contradictions are shown as they are: `show` does not judge.

examples:
  xenscmi show board/
  xenscmi show --json board/ | jq '.agents[] | select(.owners == [])'
"""

from __future__ import annotations

import sys

from xenscmi.cli.check import EXIT_UNUSABLE
from xenscmi.cli.files import configure_include, load_given_host, show
from xenscmi.diagnostics import XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="show the host in this folder, host.toml or these files"
    )
    configure_include(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.cli.terminal import width_of
    from xenscmi.report.host import render, render_json, table

    try:
        host = load_given_host(arguments).host
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    show(host.notes)
    found = table(host)
    sys.stdout.write(render_json(found) if arguments.json else render(found, width_of(sys.stdout)))
    return 0
