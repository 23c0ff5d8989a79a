"""XS118 no-management-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS


def _check(view: View) -> Iterator[Finding]:
    if view.container and not view.management_nodes:
        yield Finding(
            message=f"there is no arm,scmi-smc node below {view.container.path}: Xen has no channel of its own",
            span=view.container.span,
        )


RULE = HostRule(
    code="XS118",
    name="no-management-node",
    severity=Severity.ERROR,
    summary="The container has no scmi node for Xen's own channel.",
    then=PROBE_FAILS,
    xen=f"{NO_SCMI} There is no log line: the mediator never starts. An scmi node elsewhere does not count.",
    mend='add the node: compatible = "arm,scmi-smc", arm,smc-id, shmem and #access-controller-cells = <1>',
    check=_check,
    bad=(
        Change(
            "host.dts",
            'compatible = "arm,scmi-smc";\n\t\t\t\t\tarm,smc-id = <0x82000003>;',
            'compatible = "arm,scmi";\n\t\t\t\t\tarm,smc-id = <0x82000003>;',
        ),
    ),
)
