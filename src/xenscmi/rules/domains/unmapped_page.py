"""XS204 unmapped-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.page_use import page_uses
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS204",
    name="unmapped-page",
    severity=Severity.ERROR,
    summary="A domain does not get the page of its agent.",
    then="its first SCMI message faults",
    xen="Xen does not map it by itself. The guest faults, or reads garbage, at its first SCMI message.",
    fix='map it: iomem = [ "MFN,1@GFN" ] in page frames, or for a dom0less domain xen,reg in the page\'s node',
    bad=(
        Change(
            "panel.dts",
            "\t\t\txen,reg = <0x0 0x47ff3000 0x0 0x1000 0x0 0x22001000>;\n\t\t\txen,force-assign-without-iommu;\n",
            "",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for use in page_uses(index):
        empty = any(each.host == use.host and not each.size for each in use.domain.iomem)  # empty-iomem
        if use.behind is None and use.elsewhere() is None and not empty:
            channel = guest_channel(use.domain)
            shmem = channel.shmem.value if channel and channel.shmem else None
            wanted = use.domain.agent_id
            yield Finding(
                message=f"{use.domain.title} does not get the page {use.host:#x} of {index.row_name(use.row)}: "
                f"no {use.setting} maps it",
                span=shmem.span if shmem else wanted.span if wanted else use.domain.span,
                related=also("the agent's page", use.row.shmem.span),
            )
