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
    """A change of Xen's behaviour: its name, what Xen does since then and before, and the releases that brought it.

    `since` has the first release of each branch that has the change, oldest first.
    """

    name: str
    now: str
    before: str
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


SCI_WITHOUT_DRIVER = BehaviourChange(
    name="sci-without-driver",
    since=(Release(4, 21, 2), Release(4, 22)),
    before="a request for an SCI type without its driver is ignored, and the domain runs without SCMI",
    now="the domain is refused with -EINVAL, at boot with a panic",
)
"""xen.git f7b9752dc8."""

ARM_SCI_KEY = BehaviourChange(
    name="arm-sci-key",
    since=(Release(4, 21),),
    before="xl ignores `arm_sci`, Xen ignores `xen,sci_type`",
    now="xl and Xen read them",
)
"""xen.git 10e7473d60."""

ZERO_CELLS = BehaviourChange(
    name="zero-cells",
    since=(Release(4, 20, 4), Release(4, 21, 2), Release(4, 22)),
    before="`xen,reg` below a node of zero cells is a division by zero, and a panic; other numbers of cells are read",
    now="`xen,reg` is refused with -EINVAL unless addresses and sizes have 1 or 2 cells each",
)
"""xen.git b83e1d9a1a."""

DOMAIN_CAPABILITIES = BehaviourChange(
    name="domain-capabilities",
    since=(Release(4, 21),),
    before="Xen ignores `capabilities` of a domain's node",
    now="a node may be the control (0x1), hardware (0x2) or xenstore (0x4) domain, in the place of dom0",
)

TRAPPING = BehaviourChange(
    name="trapping-of-unmapped-accesses",
    since=(Release(4, 21),),
    before="a domain's accesses to unmapped addresses trap always",
    now="`trap_unmapped_accesses` says whether they trap",
)

CHANGES = (SCI_WITHOUT_DRIVER, ARM_SCI_KEY, ZERO_CELLS, DOMAIN_CAPABILITIES, TRAPPING)
