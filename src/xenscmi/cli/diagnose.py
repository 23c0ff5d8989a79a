"""Explain what went wrong in a log: Xen's boot log, the dmesg of dom0 or of a guest, xl's output, or all in one.

LOG is taken as it was copied, with timestamps, colours, line noise and lines of other programs; `-` is standard
input. HOST is the host that wrote it: a folder, a host.toml, or files as in `xenscmi check`. With it, the cause is
shown at the file and line to fix, with the lines of the log that it explains; without it, what the log can mean, the
likeliest first.

exit codes: 0 the log, and the host, show nothing wrong; 1 a cause is shown; 2 the log or the host cannot be used

examples:
  xenscmi diagnose boot.log board/
  ssh board xl dmesg | xenscmi diagnose -
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import configure_include, load_given_host, put, read_text, show
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXIT_CAUSE, EXIT_UNUSABLE = 1, 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("log", metavar="LOG", help="read this log")
    parser.add_argument("host", nargs="*", metavar="HOST", help="look for the cause in this host's files")
    configure_include(parser)
    parser.add_argument("--json", action="store_true", help="print the causes as JSON, as `check --format json` does")


def _read_log(path: str) -> Source:
    from pathlib import Path

    if Path(path).is_dir():
        message, help = f"{path} is a folder, not a log", "name the log first, then the host"
        raise XenscmiError(Diagnostic(message=message, span=Span(Source(path, ""), 0, 0), help=help))
    return read_text(path)


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.api import diagnose

    try:
        log = _read_log(arguments.log)
        found = diagnose(log, load_given_host(arguments, arguments.host) if arguments.host else None)
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    if arguments.json:
        from xenscmi.report.json import render

        put(render(found))
    elif found:
        from xenscmi.cli.terminal import has_colours, width_of
        from xenscmi.report.text import render as render_text

        put(render_text(found, colour=has_colours(sys.stdout), width=width_of(sys.stdout)))
    else:
        print("nothing found", file=sys.stderr)
    return EXIT_CAUSE if any(each.severity is not Severity.INFO for each in found) else 0
