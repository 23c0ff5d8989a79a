"""XS111 bad-page-size."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.pages import one_page
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS111",
    name="bad-page-size",
    severity=Severity.WARNING,
    summary="An agent's page is empty, or larger than one page.",
    then="Xen uses the first 0x1000 bytes",
    xen="Xen accepts it and uses the first 4096 bytes; the rest may be the next agent's page.",
    fix="write a size of 0x1000",
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts",
            "reg = <0x0 0x47ff5000 0x0 0x1000>;",
            "reg = <0x0 0x47ff5000 0x0 0x10000>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    shared = [own.shmem] if own and own.shmem else []
    for shmem in (*shared, *(row.shmem for row in index.rows)):
        page = shmem.value
        if page and page.size is not None and page.size % PAGE_SIZE == 0 and page.size != PAGE_SIZE:
            yield Finding(
                message=f"{page.path} has {page.size:#x} bytes; an agent's page has 0x1000",
                span=page.span,
                fix=one_page(index.host.tree, page),
            )
