"""XS222 unmapped-dom0-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.pages import one_page
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

RULE = HostRule(
    code="XS222",
    name="unmapped-dom0-page",
    severity=Severity.ERROR,
    summary="The page of dom0's agent is not mapped to dom0.",
    then="its first SCMI message faults",
    xen="Xen maps to dom0 what is in `reg` of dom0's nodes, and skips nodes marked xen,passthrough. It does not "
    "compare that with dom0's channel: dom0 faults at its first SCMI message.",
    fix="describe the page in a node with 0x1000 bytes and without xen,passthrough",
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts",
            "dom0_page: sram@47ff2000 {\n",
            "dom0_page: sram@47ff2000 {\n\t\txen,passthrough;\n",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    row, node, tree = index.channel(index.dom0) if index.dom0 else None, index.dom0_channel, index.host.tree
    shmem = node.shmem.value if node and node.shmem else None
    if row is None or tree is None or shmem is None or shmem.path is None or shmem.address is None:
        return
    page = tree.node(shmem.path)
    if page is not None and "xen,passthrough" in page:
        message = f"{shmem.path} is marked xen,passthrough: Xen does not map dom0's page to dom0"
        fix = safe_fix("Remove xen,passthrough", dts.remove(page.get("xen,passthrough")))
    elif not shmem.size:
        message = f"{shmem.path} has a size of 0: Xen maps nothing to dom0"
        fix = one_page(tree, shmem)
    else:
        return
    if shmem.address != index.row_page(row):
        fix = None  # wrong-dom0-channel: it is not to be mapped at all
    yield Finding(message=message, span=shmem.span, fix=fix, related=also("dom0's agent", row.func_id.span))
