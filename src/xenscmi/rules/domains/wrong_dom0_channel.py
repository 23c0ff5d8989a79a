"""XS214 wrong-dom0-channel."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SHMEM, SMC_ID
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, page
from xenscmi.host.passthrough import unit_address
from xenscmi.host.types import ScmiNode
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.source import Span

RULE = HostRule(
    code="XS214",
    name="wrong-dom0-channel",
    severity=Severity.ERROR,
    summary="dom0's scmi node does not have the function id or the page of dom0's agent.",
    then="dom0 gets the node unchanged, and its calls are not answered",
    xen="dom0 gets the node unchanged, but Xen forwards only the function id of dom0's agent: the calls return -1, or "
    "the messages are in a page that the firmware does not read.",
    fix="write the function id and the page of dom0's row in /firmware/scmi, or change xen,dom0-sci-agent-id",
    bad=(Change("host.dts", "arm,smc-id = <0x82000004>;", "arm,smc-id = <0x82000006>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    row = index.channel(index.dom0) if index.dom0 else None
    node = index.dom0_channel
    if row is None or node is None or not node.available:
        return
    asked = index.dom0.agent_id.span if index.dom0 and index.dom0.agent_id else None
    func_id, address, wanted = node.func_id, page(node.shmem), index.row_page(row)
    if func_id is None or func_id.value != row.func_id.value:
        said = "none" if func_id is None or func_id.value is None else f"{func_id.value:#x}"
        yield Finding(
            message=f"the function id of {node.path} is {said}, but dom0's agent has {row.func_id.value:#x}",
            span=func_id.span if func_id else place_in(index.host.tree, node.path, SMC_ID, node.span),
            related=also("dom0's agent", row.func_id.span, asked),
        )
    shared = node.shmem.value if node.shmem else None
    if shared and shared.path and any(shared.path.startswith(each.path + "/") for each in index.containers):
        yield Finding(
            message=f"shmem of {node.path} points into Xen's container, which dom0 does not get",
            span=node.shmem.span if node.shmem else node.span,
            related=also("the page", shared.span),
            then="the phandle dangles in dom0's tree",
            help="add a separate node for dom0's page outside the container",
        )
    elif wanted is not None and address != wanted:
        said = "none" if address is None else f"{address:#x}"
        yield Finding(
            message=f"the page of {node.path} is {said}, but dom0's agent has {wanted:#x}",
            span=_wrong_page_place(index, node, wanted),
            related=(*also("dom0's agent", row.shmem.span, asked), *also("the page", shared.span if shared else None)),
        )
    for other in index.dom0_nodes:
        if other is not node and other.func_id and other.func_id.value != row.func_id.value:
            yield Finding(
                message=f"{other.path} is another scmi node of dom0, with a different function id",
                span=other.func_id.span,
                related=also("dom0's agent", row.func_id.span, asked),
                severity=Severity.WARNING,
                then="if dom0 uses it, its calls return -1",
            )


def _wrong_page_place(index: Index, node: ScmiNode, wanted: int) -> Span:
    """Return where dom0's page went wrong: in reg of a node that is named for the right page, or else in shmem."""
    shared = node.shmem.value if node.shmem else None
    if node.shmem is None:
        return place_in(index.host.tree, node.path, SHMEM, node.span)
    named = index.host.tree.node(shared.path) if index.host.tree and shared and shared.path else None
    return shared.span if shared and unit_address(named) == wanted else node.shmem.span
