"""Attach to a domain's console, as `xl console` does: in dom0 of a real Xen.

Ctrl-] detaches. The console is the vpl011 of a domain with vuart = "sbsa_uart", else the paravirtual one; xenconsoled
must run in dom0.

exit codes: 0; 1 if there is no such domain or console; 2 if there is no Xen

examples:
  xenscmi console DomD
  xenscmi console -t pv 3
"""

from __future__ import annotations

import sys

from xenscmi.cli.files import say
from xenscmi.cli.running import EXIT_FAILURE, find_domain, guarded, show_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.hypercall.xen import Xen

_TTY_LIMIT = 5.0


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", metavar="DOMAIN", help="attach to this domain: a name or an id")
    parser.add_argument("-t", "--type", choices=("pv", "vuart"), help="choose the console (default: vuart, else pv)")


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    from xenscmi.hypercall.xen import Xen

    with Xen() as xen:
        domid = find_domain(xen, arguments.domain)
        if domid is None:
            return EXIT_FAILURE
        if all(domain.domid != domid for domain in xen.getdomaininfolist()):
            say(f"Error: Domain '{arguments.domain}' does not exist.")
            return EXIT_FAILURE
        return attach(xen, domid, arguments.type)


def attach(xen: Xen, domid: int, kind: str | None = None) -> int:
    """Attach to the console of a domain of the real Xen; return the exit code."""
    from xenscmi.diagnostics import XenscmiError
    from xenscmi.hypercall.console import attach as attach_to
    from xenscmi.hypercall.console import wait_for_tty

    try:
        tty = wait_for_tty(xen, domid, kind, _TTY_LIMIT)
    except XenscmiError as error:
        show_error(error)
        return EXIT_FAILURE
    attach_to(tty, sys.stdin.buffer, sys.stdout.buffer)
    return 0
