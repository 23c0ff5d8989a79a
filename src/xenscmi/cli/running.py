"""The host that commands work on: the real Xen under this dom0, or a modelled one, whose state is in a file.

This is not a command, but what `create`, `list`, `destroy`, `agents`, `dmesg` and `scmi` share.
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
    from xenscmi.hypercall.running import RunningXen
    from xenscmi.model.state import StateFile, Store
    from xenscmi.toolstack.backend import Inventory

EXIT_FAILURE, EXIT_UNUSABLE = 1, 2
LONGEST_ID = 10  # digits of a domain id, which is at most 32 bits
DOM0_NAMES = ("dom0", "Domain-0")  # as people and the tables have it, and as xl does


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments that say which host."""
    configure_hypervisor(parser)
    parser.add_argument(
        "--host",
        metavar="PATH",
        help="use this modelled host: a folder, a host.toml or a device tree (default: the running one, else .)",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="keep the running host here (default: xenscmi/host.db in $XDG_STATE_HOME or ~/.local/state)",
    )


def configure_hypervisor(parser: ArgumentParser) -> None:
    """Declare the argument that says which hypervisor."""
    parser.add_argument(
        "--hypervisor",
        choices=("auto", "model", "xen"),
        default="auto",
        help="work on the real Xen under this dom0, or on a modelled host (default: the real one in dom0)",
    )


def is_real(arguments: Namespace) -> bool:
    """Return whether to use the real Xen: if asked for, and in dom0 unless the state of a model is named."""
    if arguments.hypervisor != "auto" or arguments.state is not None:
        return bool(arguments.hypervisor == "xen")
    from xenscmi.hypercall.dom0 import in_dom0

    return in_dom0()


def open_host(arguments: Namespace) -> Store | RunningXen:
    """Return the host that the arguments mean, real or modelled. Raises XenscmiError if there is none."""
    if is_real(arguments):
        from xenscmi.hypercall.running import RunningXen

        return RunningXen()
    return open_store(arguments)


def state_file(arguments: Namespace) -> StateFile:
    """Return the state file that the arguments name. Raises XenscmiError if the user has no home directory for one."""
    from xenscmi.model.state import StateFile

    if arguments.state is not None:
        return StateFile(Path(arguments.state), _waiting)
    base = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification says to ignore relative paths.
    try:
        folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        message = "there is no home directory for the state of the modelled host"
        raise XenscmiError(Diagnostic(message=message, help="name a file with --state FILE")) from None
    return StateFile(folder / "xenscmi" / "host.db", _waiting)


def _waiting(who: str) -> None:
    say(f"xenscmi: waiting for {who} to end")


def location(arguments: Namespace) -> Path:
    """Return the path of the host that the arguments mean. Raises XenscmiError as `state_file` does."""
    running = None if arguments.host else state_file(arguments).location()
    return Path(arguments.host or running or ".").resolve()


def _is_here(where: Path) -> bool:
    """Return whether a host's folder, or that of its file, is the current one."""
    return Path.cwd() == (where if where.is_dir() else where.parent)


def open_store(arguments: Namespace) -> Store:
    """Return the state of the modelled host that the arguments mean. Raises XenscmiError as `state_file` does."""
    from xenscmi.model.state import Store

    where = location(arguments)
    if not arguments.host and not getattr(arguments, "quiet", False) and not _is_here(where):
        here = Path.cwd()
        say(f"xenscmi: on the running host {where.relative_to(here) if where.is_relative_to(here) else where}")

    def load() -> Host:
        try:
            return load_host([str(where)]).host
        except XenscmiError as error:
            if arguments.host or (where / "host.toml").exists():
                raise
            help_text = "name the folder of the host to model: --host DIR; or run this in dom0 of a real Xen"
            raise XenscmiError(
                *error.diagnostics,
                Diagnostic(message=f"no modelled host in {where}", severity=Severity.INFO, help=help_text),
            ) from None

    return Store(state_file(arguments), load, str(where))


def guarded(command: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Return a command that prints errors, instead of raising them, if the host or its state cannot be used."""

    def run(arguments: Namespace) -> int:
        try:
            return command(arguments)
        except XenscmiError as error:
            show_error(error)
        return EXIT_UNUSABLE

    return run


def show_error(error: XenscmiError, name: str = "xenscmi") -> None:
    """Print the lines of Xen's log that an error has, and its diagnostics."""
    print_xen(getattr(error, "log", ()))
    show(error.diagnostics, name)


def print_xen(lines: Iterable[str]) -> None:
    """Print lines of Xen's log to standard error, as xl dmesg shows them."""
    sys.stderr.write("".join(f"(XEN) {line}\n" for line in lines))


def find_domain(xen: Inventory, word: str) -> int | None:
    """Return the id of a domain by name or id; print xl's message for an unknown name. Ids are not checked.

    dom0 is found by either of its names.
    """
    if word.isascii() and word.isdecimal() and len(word) <= LONGEST_ID:
        return int(word)
    names = xen.names()
    domid = next((domid for domid, name in names.items() if name == word), None)
    if domid is None and word in DOM0_NAMES and 0 in names:
        return 0
    if domid is None:
        say(f"{word} is an invalid domain identifier (rc=-6)")
    return domid
