"""XS110 unaligned-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.pages import one_page
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS110",
    name="unaligned-page",
    severity=Severity.ERROR,
    summary="The address or size of an agent's page is not a multiple of 4096.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: shmem memory is not aligned".',
    fix="give each agent one page of 4096 bytes at an address that is a multiple of 4096",
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts",
            "reg = <0x0 0x47ff5000 0x0 0x1000>;",
            "reg = <0x0 0x47ff5000 0x0 0x800>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    shared = [own.shmem] if own and own.shmem else []
    for shmem in (*shared, *(row.shmem for row in index.rows)):
        page = shmem.value
        if page is None or page.address is None or page.size is None:
            continue
        wrong = [
            f"{what} {value:#x}"
            for what, value in (("address", page.address), ("size", page.size))
            if value % PAGE_SIZE
        ]
        if wrong:
            yield Finding(
                message=f"shmem memory is not aligned: {page.path} has {' and '.join(wrong)}",
                span=page.span,
                related=also("used here", shmem.span),
                fix=one_page(index.host.tree, page),
            )
