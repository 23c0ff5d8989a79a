"""Releases of Xen, and the changes of Xen's behaviour that matter to a host: one table for all who ask.

The model of Xen behaves by it, rules judge by it, and `check --from --to` reports from it. A change came with a
release, and with point releases of older branches into which it was backported (the tags RELEASE-* of xen.git).
"""

from __future__ import annotations

from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class Release(tuple[int, int, int]):
    """A release of Xen: major, minor and point; a branch's first release, 4.22 for example, is 4.22.0."""

    __slots__ = ()

    def __new__(cls, major: int, minor: int, point: int = 0) -> Self:
        return super().__new__(cls, (major, minor, point))

    def __str__(self) -> str:
        return f"{self.branch}.{self[2]}" if self[2] else self.branch

    @property
    def branch(self) -> str:
        """The branch, by which the layouts of createdomain are named."""
        return f"{self[0]}.{self[1]}"


class BehaviourChange(Record):
    """A change of Xen's behaviour: its name, and the first release of each branch that has it, oldest first."""

    name: str
    since: tuple[Release, ...]

    def is_in(self, release: Release) -> bool:
        """Return whether a release has the change: by its own branch, or because its branch is newer than all."""
        for first in self.since:
            if release[:2] == first[:2]:
                return release >= first
        return release > self.since[-1]


def parse_release(text: str) -> Release | None:
    """Return a release that is written as 4.20 or 4.20.4; None if the text is something else."""
    parts = text.split(".")
    if len(parts) not in (2, 3) or not all(each.isdecimal() and each.isascii() and len(each) <= 3 for each in parts):
        return None
    return Release(*map(int, parts))


SCI_WITHOUT_DRIVER = BehaviourChange(name="sci-without-driver", since=(Release(4, 21, 2), Release(4, 22)))
"""Xen refuses requests for an SCI type whose driver is not built in; before, it ignores them (f7b9752dc8)."""

ARM_SCI_KEY = BehaviourChange(name="arm-sci-key", since=(Release(4, 21),))
"""xl knows `arm_sci`, and Xen reads `xen,sci_type` of dom0less domains (10e7473d60)."""

ZERO_CELLS = BehaviourChange(name="zero-cells", since=(Release(4, 20, 4), Release(4, 21, 2), Release(4, 22)))
"""Xen refuses `xen,reg` unless its cells are 1 or 2 each; before, it divides by their sum (b83e1d9a1a)."""

DOMAIN_CAPABILITIES = BehaviourChange(name="domain-capabilities", since=(Release(4, 21),))
"""A dom0less domain may be the control, hardware or xenstore domain; before, Xen ignores `capabilities`."""

TRAPPING = BehaviourChange(name="trapping-of-unmapped-accesses", since=(Release(4, 21),))
"""Whether accesses to unmapped addresses trap is a choice; before, they always do."""

CHANGES = (SCI_WITHOUT_DRIVER, ARM_SCI_KEY, ZERO_CELLS, DOMAIN_CAPABILITIES, TRAPPING)
