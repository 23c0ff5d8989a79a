"""How the model fails: a panic of Xen, and a domain's access to what it was not given."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.source import Span


class Panic(XenscmiError):
    """Xen cannot boot the host.

    `reason` is Xen's last word; `log` is what it printed before. The diagnostic shows the node at which Xen gave up.
    """

    def __init__(self, reason: str, span: Span, cause: str = "") -> None:
        super().__init__(
            Diagnostic(
                message=f"Xen panics at boot: {reason}",
                span=span,
                label=cause,
                help="`xenscmi check` says what is wrong and how to fix it; Xen's lines above say what it did last",
            )
        )
        self.reason = reason
        self.log: tuple[str, ...] = ()


class DataAbort(Exception):
    """A domain touched a guest physical address at which it was given nothing."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"data abort at {self.address:#x}"
