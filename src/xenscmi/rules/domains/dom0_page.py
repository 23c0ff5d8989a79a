"""XS222 dom0-page."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    row, node, tree = view.channel(view.dom0) if view.dom0 else None, view.dom0_channel, view.host.tree
    shmem = node.shmem.value if node and node.shmem else None
    if row is None or tree is None or shmem is None or shmem.path is None or shmem.address is None:
        return
    page = tree.node(shmem.path)
    if page is not None and "xen,passthrough" in page:
        message = f"{shmem.path} is marked xen,passthrough: Xen does not map dom0's page to dom0"
    elif not shmem.size:
        message = f"{shmem.path} has no bytes: Xen maps nothing to dom0"
    else:
        return
    yield Finding(message=message, span=shmem.span, related=also("dom0's agent", row.func_id.span))


RULE = HostRule(
    code="XS222",
    name="dom0-page",
    severity=Severity.ERROR,
    summary="The page of dom0's agent is not mapped to dom0.",
    then="its first SCMI message faults",
    xen="Xen maps to dom0 what `reg` of the nodes says that it gets, but for nodes marked xen,passthrough. It does not "
    "compare that with dom0's channel: dom0 faults at its first SCMI message.",
    mend="describe the page by a node of 0x1000 bytes that is not marked xen,passthrough",
    check=_check,
    bad=(
        Change(
            "host.dts",
            "dom0_page: sram@47ff2000 {\n",
            "dom0_page: sram@47ff2000 {\n\t\txen,passthrough;\n",
        ),
    ),
)
