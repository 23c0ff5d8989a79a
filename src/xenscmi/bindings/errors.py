"""What Xen cannot read."""

from __future__ import annotations

from xenscmi.devicetree.tree import ShapeError
from xenscmi.source import Span


class BindingError(ShapeError):
    """A node that Xen cannot read.

    `errno` is what Xen's function returns, as a positive number, and `printed` the line that Xen prints before, None
    where it says nothing. The diagnostic tells people the same, with the place and the reason.
    """

    def __init__(self, message: str, *, span: Span, help: str = "", errno: int, printed: str | None = None) -> None:
        super().__init__(message, span=span, help=help)
        self.errno = errno
        self.printed = printed
