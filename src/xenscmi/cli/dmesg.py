"""Print Xen's log, as `xl dmesg` does: that of the real Xen in dom0, else that of the modelled host.

exit codes: 0; 2 if the host or its state cannot be used

examples:
  xenscmi dmesg --host board/
  xenscmi dmesg | grep scmi:
"""

from __future__ import annotations

from xenscmi.cli.files import put, write_json
from xenscmi.cli.running import configure as configure_host
from xenscmi.cli.running import guarded, open_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON array of lines")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    lines = list(open_host(arguments).log())
    if arguments.json:
        write_json(lines)
    else:
        put("".join(f"(XEN) {line}\n" for line in lines))
    return 0
