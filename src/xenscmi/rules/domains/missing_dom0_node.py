"""XS213 missing-dom0-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import FIRMWARE_SCMI, SCMI_SMC, SMC_ID
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.index import Index, wanted_agent
from xenscmi.rules.editing.meaning import make_compatible
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS213",
    name="missing-dom0-node",
    severity=Severity.ERROR,
    summary="dom0 has an agent, but its device tree has no scmi node.",
    then="Xen adds none, and dom0 does not find its channel",
    xen="Xen gives dom0 the host's scmi node unchanged and adds none: dom0 does not know that it has a channel.",
    fix="add /firmware/scmi with the function id and the page of dom0's agent",
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts", '\t\tscmi {\n\t\t\tcompatible = "arm,scmi-smc";', '\t\tscmi {\n\t\t\tcompatible = "arm,scmi";'
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    wanted = wanted_agent(index.dom0) if index.dom0 else None
    if wanted is None:
        return
    node = index.dom0_channel
    if node is None:
        misnamed = index.host.tree.node(FIRMWARE_SCMI) if index.host.tree else None
        what = (
            f"{FIRMWARE_SCMI} is not compatible with {SCMI_SMC}"
            if misnamed
            else f"the host tree has no {FIRMWARE_SCMI}"
        )
        yield Finding(
            message=f"dom0 is agent {wanted.value}, but {FIRMWARE_SCMI} {what}",
            span=misnamed.span if misnamed else wanted.span,
            related=also("dom0's agent", wanted.span if misnamed else None),
            fix=make_compatible(misnamed, SCMI_SMC) if misnamed and SMC_ID in misnamed else None,
        )
    elif not node.available:
        yield Finding(
            message=f"dom0 is agent {wanted.value}, but {node.path} is disabled",
            span=node.span,
            then="dom0's driver does not probe",
        )
    elif index.host.tree and all(each.path != node.path for each in dom0_nodes(index.host.tree)):
        yield Finding(
            message=f"dom0 is agent {wanted.value}, but {node.path} is in a part of the tree that dom0 does not get",
            span=node.span,
            then="dom0 does not find its channel",
            help="move it out of what Xen keeps: CPUs, memory, timers, nodes with interrupts of a CPU's own (PPIs)",
        )
