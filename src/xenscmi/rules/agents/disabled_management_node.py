"""XS120 disabled-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.phrases import NO_SCMI
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS120",
    name="disabled-management-node",
    severity=Severity.ERROR,
    summary="The scmi node of Xen's own channel is disabled, or marked for passthrough.",
    then="the mediator never starts, and every domain runs without SCMI",
    xen=f"{NO_SCMI} There is no log line: the mediator never starts.",
    fix='remove the status, or write status = "okay"; remove xen,passthrough',
    fixable=(Safety.UNSAFE,),
    bad=(
        Change("host.dts", "arm,smc-id = <0x82000003>;", 'arm,smc-id = <0x82000003>;\n\t\t\t\t\tstatus = "disabled";'),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for node in index.management_nodes:
        if not node.available or node.passthrough:
            name, why = ("xen,passthrough", "marked xen,passthrough") if node.available else ("status", "disabled")
            yield Finding(
                message=f"Xen's scmi node {node.path} is {why}: Xen does not bind to it",
                span=node.span,
                severity=Severity.WARNING if index.management else None,
                fix=_enable(index, node, name) if index.management is None else None,
            )


def _enable(index: Index, node: ScmiNode, name: str) -> Fix | None:
    return unsafe_fix(f"Remove {name}", dts.remove(dts.property_of(index.host.tree, node.path, name)))
