"""XS123 page-in-ram."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS123",
    name="page-in-ram",
    severity=Severity.WARNING,
    summary="Agents' pages are in memory that Xen uses as plain RAM.",
    then="Xen may give them to any domain as its memory",
    xen="Xen may give the page to any domain as its memory. The firmware then writes into that memory, and the domain "
    "reads another domain's messages.",
    fix="leave a hole in the memory node's reg for the pages: put them neither in /memory nor in /reserved-memory",
    bad=(
        Change(
            "host.dts",
            "<0x0 0x40000000 0x0 0x07f00000>, <0x0 0x48000000 0x0 0x38000000>",
            "<0x0 0x40000000 0x0 0x40000000>",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host = index.host
    for region in host.memory:
        inside = [
            page
            for page in index.pages
            if region.overlaps(page.address, PAGE_SIZE)
            and not any(each.overlaps(page.address, PAGE_SIZE) for each in host.reserved)
        ]
        if inside:
            yield Finding(
                message=f"{len(inside)} of the agents' pages, the first at {inside[0].address:#x}, are in plain RAM",
                span=region.span,
                related=also("one of these pages", *(page.span for page in inside)),
            )
