"""XS310 granted-disabled-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS310",
    name="granted-disabled-device",
    severity=Severity.WARNING,
    summary="A disabled device under SCMI control is granted to dom0.",
    xen="Xen ignores `status` here: dom0 can switch the device's clocks, resets and power domains.",
    fix="remove access-controllers from the disabled device, or mark it xen,passthrough",
    bad=(
        Change(
            "host.dts",
            "access-controllers = <&scmi_xen 0>;",
            'access-controllers = <&scmi_xen 0>;\n\t\t\tstatus = "disabled";',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for assignment, entry in index.grants:
        if assignment.domain.kind is DomainKind.DOM0 and not assignment.device.available:
            yield Finding(
                message=f"{assignment.device.path} is disabled, but Xen has the firmware grant it to dom0 anyway",
                span=entry.span,
            )
