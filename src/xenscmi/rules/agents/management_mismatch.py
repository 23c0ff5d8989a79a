"""XS126 management-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SHMEM, SMC_ID
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, page
from xenscmi.host.types import FirmwareAgent, ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.rows import is_one_of_a_kind, page_at
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS126",
    name="management-mismatch",
    severity=Severity.ERROR,
    summary="Xen's own channel differs from the firmware's agent.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: get smc response agent_id = -1 msg_id = 7 proto = 10 res=…".',
    fix="copy the function id and page of Xen's agent from the firmware's configuration",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "arm,smc-id = <0x82000003>;", "arm,smc-id = <0x82000001>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    if index.host.firmware.agents is None or own is None or own.func_id is None or own.func_id.value is None:
        return
    known = index.firmware_by_func_id.get(own.func_id.value)
    address = page(own.shmem)
    if known is None:
        yield Finding(
            message=f"the firmware has no agent with function id {own.func_id.value:#x}, which is Xen's own",
            span=own.func_id.span,
            fix=_call(index, own, address),
        )
    elif own.shmem and address is not None and address != known.shmem:
        yield Finding(
            message=f"the page of Xen's own channel is {known.shmem:#x} in the firmware, not {address:#x}",
            span=own.shmem.span,
            related=(
                *also("the firmware's agent", known.span),
                *also("the page", own.shmem.value.span if own.shmem.value else None),
            ),
            fix=_refer(index, own, known),
        )


def _node(index: Index, own: ScmiNode) -> Node | None:
    return index.host.tree.node(own.path) if index.host.tree else None


def _call(index: Index, own: ScmiNode, address: int | None) -> Fix | None:
    """Return the function id of the firmware's agent with Xen's page: safe if that can be Xen's."""
    agents = [each for each in index.host.firmware.agents or () if each.shmem == address]
    node = _node(index, own)
    if len(agents) != 1 or node is None or not is_one_of_a_kind(index, agents[0]):
        return None
    func_id = agents[0].func_id
    edit = dts.cells(node.get(SMC_ID), [func_id])
    return fix_if(_can_be_xens(index, agents[0]), f"Write the function id {func_id:#x}", edit)


def _refer(index: Index, own: ScmiNode, known: FirmwareAgent) -> Fix | None:
    """Return the page of the firmware's agent with Xen's function id; if that is another's, the id for the page."""
    if not is_one_of_a_kind(index, known):
        return None
    if not _can_be_xens(index, known):
        return _call(index, own, page(own.shmem))
    node = _node(index, own)
    shmem = node.get(SHMEM) if node else None
    edit = dts.reference(shmem.place(0, 4), page_at(index, known.shmem)) if shmem else None
    certain = index.host.firmware.trusted_agent == known.agent_id
    return fix_if(certain, f"Refer to the page {known.shmem:#x}", edit)


def _can_be_xens(index: Index, agent: FirmwareAgent) -> bool:
    """Return whether an agent of the firmware can be Xen's: it is not listed, and no other is trusted instead."""
    listed = any(row.func_id.value == agent.func_id for row in index.rows)
    return not listed and index.host.firmware.trusted_agent in (None, agent.agent_id)
