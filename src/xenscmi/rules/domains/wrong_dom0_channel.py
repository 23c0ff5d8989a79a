"""XS214 wrong-dom0-channel."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM, SHMEM, SMC_ID
from xenscmi.bindings.properties import is_compatible
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, page
from xenscmi.host.passthrough import unit_address
from xenscmi.host.scmi_nodes import read_shmem
from xenscmi.host.types import ScmiNode, SecondaryAgent, Stated
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import has_page
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, safe_fix
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
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
            fix=_call(index, node, row),
        )
    shared = node.shmem.value if node.shmem else None
    if shared and shared.path and any(shared.path.startswith(each.path + "/") for each in index.containers):
        yield Finding(
            message=f"shmem of {node.path} points into Xen's container, which dom0 does not get",
            span=node.shmem.span if node.shmem else node.span,
            related=also("the page", shared.span),
            then="the phandle dangles in dom0's tree",
            help="add a separate node for dom0's page outside the container",
            fix=None if wanted is None else _page(index, node, wanted, certain=_calls_it(func_id, row)),
        )
    elif wanted is not None and address != wanted:
        said = "none" if address is None else f"{address:#x}"
        yield Finding(
            message=f"the page of {node.path} is {said}, but dom0's agent has {wanted:#x}",
            span=_wrong_page_place(index, node, wanted),
            related=(*also("dom0's agent", row.shmem.span, asked), *also("the page", shared.span if shared else None)),
            fix=_page(index, node, wanted, certain=_calls_it(func_id, row)),
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


def _calls_it(func_id: Stated[int] | None, row: SecondaryAgent) -> bool:
    return func_id is not None and func_id.value == row.func_id.value


def _call(index: Index, scmi: ScmiNode, row: SecondaryAgent) -> Fix | None:
    """Return the function id of dom0's agent: safe if dom0 has the agent's page."""
    node = index.host.tree.node(scmi.path) if index.host.tree else None
    func_id = row.func_id.value
    if node is None or func_id is None or index.dom0 is None:
        return None
    prop, statement = node.get(SMC_ID), f"{SMC_ID} = <{func_id:#x}>;"
    edit = dts.cells(prop, [func_id]) if prop else dts.insert(node, statement)
    return rename_like(node, SMC_ID) or fix_if(has_page(index, index.dom0, row), f"Write {statement}", edit)


def _page(index: Index, scmi: ScmiNode, wanted: int, *, certain: bool) -> Fix | None:
    """Return the address of dom0's page, where the name of its node has that, or a reference to the node that has it.

    It is safe if dom0 has the function id of its agent.
    """
    node = index.host.tree.node(scmi.path) if index.host.tree else None
    shmem = node.get(SHMEM) if node else None
    shared = scmi.shmem.value if scmi.shmem else None
    named = index.host.tree.node(shared.path) if index.host.tree and shared and shared.path else None
    if shmem is None or node is None:
        return rename_like(node, SHMEM)
    below = tuple(f"{each.path}/" for each in index.containers)
    if named is not None and unit_address(named) == wanted and not named.path.startswith(below):
        return safe_fix(f"Write {wanted:#x} as the page's address", dts.address(named, wanted))
    pages = (each for each in node.tree.walk() if is_compatible(each, SCMI_SHMEM) and not each.path.startswith(below))
    target = next((each for each in pages if read_shmem(each).address == wanted), None)
    return fix_if(certain, f"Refer to the page {wanted:#x}", dts.reference(shmem.place(0, 4), target))
