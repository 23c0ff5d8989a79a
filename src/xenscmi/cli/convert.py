"""Rewrite a host device tree of an older dialect with the current container.

Older versions of the series, and EPAM's first drivers, described the agents to Xen in other places; Xen with v8 or
later of the series reads none of them. The result is a DTS; it keeps labels, those of __symbols__ too (compile it with
dtc -@), but has phandles as numbers. What cannot be known from the tree is said on standard error.

examples:
  xenscmi convert rpi5.dts --to v8 -o rpi5-v8.dts
  xenscmi convert host.dtb --to v8 | dtc -O dtb -o host-v8.dtb
"""

from __future__ import annotations

import sys
from pathlib import Path

from xenscmi.cli.files import show
from xenscmi.diagnostics import XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXIT_UNUSABLE = 2


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tree", metavar="HOST.dts", help="convert this host device tree, DTS or DTB")
    parser.add_argument(
        "--to", choices=("v8",), default="v8", help="choose the dialect to write (default: v8, the current one)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file instead of standard output")
    parser.add_argument(
        "-i", "--include", metavar="DIR", action="append", default=[], help="look for included files in this folder too"
    )


def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.cli.files import write_file
    from xenscmi.devicetree import load, write_dts
    from xenscmi.host.convert import left_to_do, to_v8
    from xenscmi.host.reader import read_host

    try:
        tree = load(arguments.tree, [Path(folder) for folder in arguments.include])
        host = read_host(tree)
        text = write_dts(to_v8(host))
        if arguments.output:
            write_file(arguments.output, text)
    except XenscmiError as error:
        show(error.diagnostics)
        return EXIT_UNUSABLE
    show(left_to_do(host))
    if not arguments.output:
        sys.stdout.write(text)
    return 0
