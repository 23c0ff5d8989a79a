"""Explain the SCMI messages in a dump.

A dump has lines of Linux's scmi trace events, or hexadecimal digits as hexdump -C, xxd, od or U-Boot's md print
them: of a shared-memory area from its start, or of a message from its header. Other lines are skipped, so FILE may be a
whole log.

exit codes: 0; 2 if no message is found, or if one cannot be read

examples:
  xenscmi decode < trace.txt
  echo '000c5007 00000003 00000001 00000000' | xenscmi decode
  hexdump -C page.bin | xenscmi decode --json
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import put, read_text, show
from xenscmi.diagnostics import XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.scmi.dump import Found

EXIT_UNUSABLE = 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="read these dumps (default, and -: standard input)")
    parser.add_argument("--json", action="store_true", help="print a JSON array with an object for each message")


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.scmi.dump import decode_each

    found: list[Found] = []
    exit_code = 0
    for file in arguments.files or ["-"]:
        try:
            results = decode_each(read_text(file))
        except XenscmiError as error:
            results = iter([error])
        for each in results:
            if isinstance(each, XenscmiError):
                sys.stdout.flush()
                show(each.diagnostics, file)
                exit_code = EXIT_UNUSABLE
                continue
            if not arguments.json:
                _print(each, first=not found)
            found.append(each)
    if arguments.json:
        put(_document(found))
    return exit_code


def _print(found: Found, *, first: bool) -> None:
    from xenscmi.cli.terminal import width_of
    from xenscmi.report.wrapping import fold_all
    from xenscmi.scmi.describe import describe

    line = found.span.line
    text = f"line {line}: " + "\n".join(describe(found.decoded))
    print("" if first else "\n", fold_all(text, width_of(sys.stdout)), sep="")


def _document(found: list[Found]) -> str:
    import json

    from xenscmi.report.messages import message

    return (
        json.dumps(
            [{"file": each.span.source.name, "line": each.span.line, **message(each.decoded)} for each in found],
            indent=2,
        )
        + "\n"
    )
