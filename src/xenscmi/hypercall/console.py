"""Attaching to a domain's console, which xenconsoled serves at a pseudo-terminal that it names in xenstore."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.hypercall.xen import Xen

ESCAPE = 0x1D  # Ctrl-], as for xl console
_PIECE = 4096
_LOOK_AGAIN = 0.1


def wait_for_tty(xen: Xen, domid: int, kind: str | None, limit: float) -> str:
    """Return the path of a console's terminal; `kind` is "pv", "vuart", or None for a vuart if there is one.

    Raises XenscmiError if there is none within `limit` seconds.
    """
    end = time.monotonic() + limit
    while True:
        for each in (kind,) if kind else ("vuart", "pv"):
            path = xen.console_tty(domid, each)
            if path:
                return path
        if time.monotonic() > end:
            break
        time.sleep(_LOOK_AGAIN)
    message = f"domain {domid} has no {kind or ''} console".replace("  ", " ")
    help_text = 'start xenconsoled in dom0; for a vpl011, write vuart = "sbsa_uart"'
    raise XenscmiError(Diagnostic(message=message, help=help_text))


def attach(tty: str, keyboard: BinaryIO, screen: BinaryIO) -> None:
    """Copy what is typed to the console, and what the domain says to the screen, until Ctrl-] or the domain ends.

    Where the keyboard is not a terminal, its end ends nothing: the domain's output goes on.
    """
    console = os.open(tty, os.O_RDWR | os.O_NOCTTY)
    try:
        with _raw(console), _raw(keyboard.fileno()):
            _copy(console, keyboard.fileno(), screen)
    finally:
        os.close(console)


def _copy(console: int, keyboard: int, screen: BinaryIO) -> None:
    sources = [console, keyboard]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if console in ready:
            said = _read(console)
            if not said:
                return
            screen.write(said)
            screen.flush()
        if keyboard in ready:
            typed = os.read(keyboard, _PIECE)
            if ESCAPE in typed:
                return
            if not typed:
                sources.remove(keyboard)
            while typed:
                typed = typed[os.write(console, typed) :]


def _read(console: int) -> bytes:
    try:
        return os.read(console, _PIECE)
    except OSError as error:
        if error.errno == errno.EIO:  # xenconsoled has closed its end
            return b""
        raise


@contextmanager
def _raw(fd: int) -> Iterator[None]:
    """Have a terminal pass on every byte as it comes, and put it right again behind."""
    if not os.isatty(fd):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSANOW)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(fd, termios.TCSANOW, before)
