"""XS118 missing-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SMC, SMC_ID
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.scmi_nodes import with_property
from xenscmi.rules.editing.meaning import make_compatible
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS118",
    name="missing-management-node",
    severity=Severity.ERROR,
    summary="The container has no scmi node for Xen's own channel.",
    then=PROBE_FAILS,
    xen=f"{NO_SCMI} There is no log line: the mediator never starts. Xen ignores scmi nodes elsewhere.",
    fix='add the node: compatible = "arm,scmi-smc", arm,smc-id, shmem and #access-controller-cells = <1>',
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts",
            'compatible = "arm,scmi-smc";\n\t\t\t\t\tarm,smc-id = <0x82000003>;',
            'compatible = "arm,scmi";\n\t\t\t\t\tarm,smc-id = <0x82000003>;',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    tree, container = index.host.tree, index.container
    if tree and container and not index.management_nodes:
        misnamed = with_property(tree.node(container.path), SMC_ID)
        yield Finding(
            message=f"there is no arm,scmi-smc node below {container.path}: Xen has no channel of its own",
            span=container.span,
            related=also("this one is not compatible with arm,scmi-smc", misnamed.span if misnamed else None),
            fix=make_compatible(misnamed, SCMI_SMC),
        )
