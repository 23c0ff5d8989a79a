"""XS116 shared-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, Page
from xenscmi.host.types import SecondaryAgent
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS116",
    name="shared-page",
    severity=Severity.WARNING,
    summary="Two channels have the same page of shared memory.",
    then="Xen does not notice",
    xen="Xen does not notice. Each of the two domains reads and overwrites the other's messages, and the firmware "
    "answers one of them at most.",
    fix="give every agent the firmware's page for it",
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_3 5"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[int, Page] = {}
    for page in index.pages:
        other = first.setdefault(page.address // PAGE_SIZE, page)
        if other is page or page.row is None or (other.row is None and _is_xens(index, page.row)):
            continue
        yield Finding(
            message=f"page {page.address:#x} is given to {index.row_name(page.row)} and to {other.owner}",
            span=page.span,
            related=also("first claimed here", other.span),
        )


def _is_xens(index: Index, row: SecondaryAgent) -> bool:
    """Return whether a row is Xen's own channel altogether: that is rule xen-channel-listed."""
    own = index.management.func_id if index.management else None
    return own is not None and own.value == row.func_id.value
