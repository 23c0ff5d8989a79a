"""XS204 unmapped-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import XEN_FORCE_ASSIGN, XEN_PATH
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.page_use import PageUse, page_uses
from xenscmi.host.types import DomainKind, Shmem
from xenscmi.rules.cells import is_misread
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import has_func_id, is_agreed
from xenscmi.rules.editing.mappings import map_pages
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS204",
    name="unmapped-page",
    severity=Severity.ERROR,
    summary="A domain does not get the page of its agent.",
    then="its first SCMI message faults",
    xen="Xen does not map it by itself. The guest faults, or reads garbage, at its first SCMI message.",
    fix='map it: iomem = [ "MFN,1@GFN" ] in page frames, or for a dom0less domain xen,reg in the page\'s node',
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
                fix=_map(index, use, shmem),
            )


def _map(index: Index, use: PageUse, shmem: Shmem | None) -> Fix | None:
    """Return the mapping that is missing: safe if the domain has the function id of the agent that it asks for."""
    node = use.domain.tree.tree.node(shmem.path) if use.domain.tree and shmem and shmem.path else None
    if use.guest is None or node is None or is_misread(node) or not is_agreed(index, use.row):
        return None
    edits = [map_pages(index, use.domain, node, use.host, PAGE_SIZE, use.guest)]
    if use.domain.kind is not DomainKind.TOOLSTACK and XEN_FORCE_ASSIGN not in node and XEN_PATH not in node:
        edits.append(dts.insert(node, f"{XEN_FORCE_ASSIGN};"))
    title = f"Map the page {use.host:#x} at {use.guest:#x}"
    return fix_if(has_func_id(index, use.domain, use.row), title, *edits)
