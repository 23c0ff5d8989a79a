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

    from xenscmi.model.errors import Panic
    from xenscmi.model.state import Session, Store

EXIT_FAILURE, EXIT_UNUSABLE = 1, 2
LONGEST_ID = 10  # digits of a domain id, which is at most 32 bits


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments that say which host."""
    parser.add_argument(
        "--host",
        metavar="PATH",
        help="the modelled host: its folder, host.toml or device tree (default: the one that runs, else this folder)",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="where the running host is kept (default: xenscmi/host.db in $XDG_STATE_HOME or ~/.local/state)",
    )


def state_file(arguments: Namespace) -> Path:
    """Return the state file that the arguments name."""
    if arguments.state is not None:
        return Path(arguments.state)
    base = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification has relative paths ignored.
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    return folder / "xenscmi" / "host.db"


def location(arguments: Namespace) -> Path:
    """Return where the files of the host stand that the arguments mean. Raises XenscmiError as the state does."""
    from xenscmi.model.state import running_host

    running = None if arguments.host else running_host(state_file(arguments))
    return Path(arguments.host or running or ".").resolve()


def open_store(arguments: Namespace) -> Store:
    """Return the state of the host that the arguments mean. Raises XenscmiError where there is none to be had."""
    from xenscmi.model.state import Store

    where = location(arguments)
    try:
        return Store(state_file(arguments), load_host([str(where)]).host, str(where))
    except XenscmiError as error:
        if arguments.host:
            raise
        help_text = "name the folder of the host that shall be modelled: --host DIR"
        raise XenscmiError(
            *error.diagnostics,
            Diagnostic(message=f"no modelled host in {where}", severity=Severity.INFO, help=help_text),
        ) from None


def guarded(command: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Return a command that ends in words, not in a traceback, where the host or its state cannot be used."""

    def run(arguments: Namespace) -> int:
        from xenscmi.model.errors import Panic

        try:
            return command(arguments)
        except XenscmiError as error:
            show(error.diagnostics)
        except Panic as panic:
            show([panic_diagnostic(panic)])
        return EXIT_UNUSABLE

    return run


def panic_diagnostic(panic: Panic) -> Diagnostic:
    """Print what Xen said before it panicked; return the panic as a diagnostic."""
    print_xen(panic.log)
    return Diagnostic(
        message=f"Xen panics at boot: {panic}",
        help="one domain of the boot is wrong, and that ends it for all: `xenscmi check` says which and how to mend it",
    )


def print_xen(lines: Iterable[str]) -> None:
    """Print lines of Xen's console to standard error, as they stand in its log."""
    sys.stderr.write("".join(f"(XEN) {line}\n" for line in lines))


def find_domain(session: Session, word: str) -> int | None:
    """Return the id of a domain; where a name has none, say so as xl does. An id that no domain has is returned too."""
    if word.isascii() and word.isdecimal() and len(word) <= LONGEST_ID:
        return int(word)
    domid = session.domid(word)
    if domid is None:
        say(f"{word} is an invalid domain identifier (rc=-6)")
    return domid
