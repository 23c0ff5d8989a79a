"""Destroy a domain, as `xl destroy` does: of the real Xen in dom0, else of the modelled host.

Xen lets the firmware reset the domain's agent, and the agent is free again. With --all, the modelled host itself is
switched off: its state is deleted, and the next command boots it anew.

exit codes: 0; 1 if it is not possible; 2 if the host or its state cannot be used

examples:
  xenscmi destroy DomD
  xenscmi destroy 3
  xenscmi destroy --all
"""

from __future__ import annotations

import sys

from xenscmi.cli.running import (
    EXIT_FAILURE,
    EXIT_UNUSABLE,
    find_domain,
    guarded,
    is_real,
    open_host,
    print_xen,
    state_file,
)
from xenscmi.cli.running import configure as configure_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenscmi.toolstack.backend import Backend

_DOM0 = """\
Not destroying domain 0; use -f to force.
This can only be done when using a disaggregated hardware domain and toolstack.
"""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("domain", nargs="?", metavar="DOMAIN", help="destroy this domain: a name or an id")
    parser.add_argument("-f", "--force", action="store_true", help="try to destroy domain 0 too, which Xen refuses")
    parser.add_argument("--all", action="store_true", help="switch the modelled host off, whatever runs on it")
    configure_host(parser)


@guarded
def run(arguments: Namespace) -> int:
    """Run the command."""
    if (arguments.domain is None) != arguments.all:
        print(
            "xenscmi destroy: error: name a domain or give --all, not both; see --help",
            file=sys.stderr,
        )
        return EXIT_UNUSABLE
    if arguments.all:
        if is_real(arguments):
            print("xenscmi destroy: error: --all switches a modelled host off, not a real one", file=sys.stderr)
            return EXIT_UNUSABLE
        state_file(arguments).switch_off()
        return 0
    from xenscmi.toolstack.backend import XenError

    try:
        with open_host(arguments).session() as xen:
            return _destroy(xen, arguments.domain, force=arguments.force)
    except XenError:
        return EXIT_FAILURE


def _destroy(xen: Backend, word: str, *, force: bool) -> int:
    """Destroy a domain, and print libxl's messages. Raises XenError after printing it, so that the state is kept."""
    from xenscmi.toolstack.backend import XenError

    domid = find_domain(xen, word)
    if domid is None:
        return EXIT_FAILURE
    if domid == 0 and not force:
        print(_DOM0, file=sys.stderr)
        return EXIT_FAILURE
    if all(domain.domid != domid for domain in xen.getdomaininfolist()):
        _say(domid, "Non-existant domain")
        return _failed(domid, -21)
    mark = xen.log_mark()
    try:
        xen.destroydomain(domid)
    except XenError as error:
        print_xen(xen.log(mark))
        _say(domid, f"xc_domain_destroy failed: {error}")
        _failed(domid, -3)
        raise
    return 0


def _failed(domid: int, code: int) -> int:
    _say(domid, "Unable to destroy guest")
    _say(domid, "Destruction of domain failed")
    print(f"destroy failed (rc={code})", file=sys.stderr)
    return EXIT_FAILURE


def _say(domid: int, text: str) -> None:
    print(f"libxl: error: Domain {domid}:{text}", file=sys.stderr)
