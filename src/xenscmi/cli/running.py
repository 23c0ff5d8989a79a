"""The modelled host that commands work on: which one it is, and where its state is kept.

Not a command: what `create`, `list`, `destroy`, `agents`, `dmesg` and `scmi` share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from xenscmi.cli.files import load_host, say, show
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from xenscmi.host.types import Host
    from xenscmi.model.state import StateFile, Store
    from xenscmi.toolstack.backend import Inventory

EXIT_FAILURE, EXIT_UNUSABLE = 1, 2
LONGEST_ID = 10  # digits of a domain id, which is at most 32 bits


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments that say which host."""
    parser.add_argument(
        "--host",
        metavar="PATH",
        help="use this modelled host: a folder, a host.toml or a device tree (default: the one that runs, else .)",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="keep the running host here (default: xenscmi/host.db in $XDG_STATE_HOME or ~/.local/state)",
    )


def state_file(arguments: Namespace) -> StateFile:
    """Return the state file that the arguments name. Raises XenscmiError where the user has no place for one."""
    from xenscmi.model.state import StateFile

    if arguments.state is not None:
        return StateFile(Path(arguments.state), _waiting)
    base = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification has relative paths ignored.
    try:
        folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        message = "there is no home directory to keep the modelled host in"
        raise XenscmiError(Diagnostic(message=message, help="name a file with --state FILE")) from None
    return StateFile(folder / "xenscmi" / "host.db", _waiting)


def _waiting(who: str) -> None:
    say(f"xenscmi: waiting for {who} to end")


def location(arguments: Namespace) -> Path:
    """Return where the files of the host stand that the arguments mean. Raises XenscmiError as the state does."""
    running = None if arguments.host else state_file(arguments).location()
    return Path(arguments.host or running or ".").resolve()


def open_store(arguments: Namespace) -> Store:
    """Return the state of the host that the arguments mean. Raises XenscmiError where there is none to be had."""
    from xenscmi.model.state import Store

    where = location(arguments)

    def load() -> Host:

        try:
            return load_host([str(where)]).host
        except XenscmiError as error:
            if arguments.host:
                raise
            help_text = "name the folder of the host to model: --host DIR"
            raise XenscmiError(
                *error.diagnostics,
                Diagnostic(message=f"no modelled host in {where}", severity=Severity.INFO, help=help_text),
            ) from None

    return Store(state_file(arguments), load, str(where))


def guarded(command: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Return a command that ends in words, not in a traceback, where the host or its state cannot be used."""

    def run(arguments: Namespace) -> int:
        try:
            return command(arguments)
        except XenscmiError as error:
            show_error(error)
        return EXIT_UNUSABLE

    return run


def show_error(error: XenscmiError, name: str = "xenscmi") -> None:
    """Print what Xen said before it failed, if it did, and the diagnostics."""
    print_xen(getattr(error, "log", ()))
    show(error.diagnostics, name)


def print_xen(lines: Iterable[str]) -> None:
    """Print lines of Xen's console to standard error, as they stand in its log."""
    sys.stderr.write("".join(f"(XEN) {line}\n" for line in lines))


def find_domain(xen: Inventory, word: str) -> int | None:
    """Return the id of a domain; where a name has none, say so as xl does. An id that no domain has is returned too."""
    if word.isascii() and word.isdecimal() and len(word) <= LONGEST_ID:
        return int(word)
    domid = next((domid for domid, name in xen.names().items() if name == word), None)
    if domid is None:
        say(f"{word} is an invalid domain identifier (rc=-6)")
    return domid
