"""XS123 page-in-ram."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.dom0_memory import kernel_of_dom0
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS123",
    name="page-in-ram",
    severity=Severity.WARNING,
    summary="Agents' pages are in memory that Xen uses as plain RAM.",
    then="Xen may give them to any domain as its memory",
    xen="Xen may give the page to any domain as its memory. The firmware then writes into that memory, and the domain "
    "reads another domain's messages. If it is the page of Xen's own channel, its messages fail with -EBUSY.",
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
        lost = [page for page in inside if page.row is None and _is_overwritten(index, page.address)]
        if lost:
            yield Finding(
                message=f"Xen's own page at {lost[0].address:#x} is where dom0's kernel goes",
                span=lost[0].span,
                severity=Severity.ERROR,
                then="Xen overwrites it, and every later message of its own fails (-16)",
                related=also("plain RAM", region.span),
            )
        inside = [page for page in inside if page not in lost]
        if inside:
            yield Finding(
                message=f"{len(inside)} of the agents' pages, the first at {inside[0].address:#x}, are in plain RAM",
                span=region.span,
                related=also("one of these pages", *(page.span for page in inside)),
            )


def _is_overwritten(index: Index, address: int) -> bool:
    """Return whether Xen copies dom0's kernel to this address."""
    host = index.host
    kernel = kernel_of_dom0(host.tree) if host.tree is not None and index.dom0 is not None else None
    return kernel is not None and kernel[0] <= address < kernel[1]
