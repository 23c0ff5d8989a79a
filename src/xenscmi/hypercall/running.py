"""The Xen under this dom0 as commands use a host: to be looked at, or worked on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from xenscmi.hypercall.xen import Xen


class RunningXen:
    """Opens Xen when it is needed. Each method raises NoXenError without one, UnknownXenError for a strange one."""

    def look(self) -> Xen:
        """Return Xen to be asked what there is."""
        return Xen()

    @contextmanager
    def session(self) -> Iterator[Xen]:
        """Give Xen to be worked on."""
        with Xen() as xen:
            yield xen

    def log(self) -> Sequence[str]:
        """Return Xen's log, the oldest line first."""
        with Xen() as xen:
            return xen.log()
