"""XS206 wrong-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.page_use import page_uses
from xenscmi.rules.editing.agents import has_func_id, is_agreed
from xenscmi.rules.editing.mappings import change
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS206",
    name="wrong-page",
    severity=Severity.ERROR,
    summary="The guest address of a domain's agent page maps to something else.",
    then="the firmware does not read that page",
    xen="Xen maps what it is told. The guest writes its messages to a page that the firmware does not read, and waits.",
    fix="map the page that is listed for this agent",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(
        Change(
            "panel.dts",
            "xen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;",
            "xen,reg = <0x0 0x47ff8000 0x0 0x1000 0x0 0x22001000>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for use in page_uses(index):
        if use.behind is None or use.leads_to is None or use.found:
            continue
        within = use.leads_to // PAGE_SIZE == use.host // PAGE_SIZE
        # Another agent's page is another rule: foreign-page.
        if within or use.leads_to // PAGE_SIZE not in index.owners:
            channel = guest_channel(use.domain)
            guest = channel.shmem.value if channel and channel.shmem else None
            yield Finding(
                message=f"guest address {use.guest:#x} of {use.domain.title} leads to {use.leads_to:#x}, "
                f"but the page of {index.row_name(use.row)} is {use.host:#x}",
                span=guest.span if within and guest else use.behind.span,
                related=also("the agent's page", use.row.shmem.span),
                fix=fix_if(
                    has_func_id(index, use.domain, use.row),
                    f"Map the page {use.host:#x}",
                    change(use.domain, use.behind, host=use.host)
                    if use.behind.guest == use.guest and is_agreed(index, use.row)
                    else None,
                ),
            )
