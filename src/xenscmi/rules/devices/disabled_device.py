"""XS310 disabled-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import DomainKind
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    for assignment, entry in view.bindings:
        if assignment.domain.kind is DomainKind.DOM0 and not assignment.device.available:
            yield Finding(
                message=f"{assignment.device.path} is disabled, but Xen has the firmware allow it to dom0 all the same",
                span=entry.span,
            )


RULE = HostRule(
    code="XS310",
    name="disabled-device",
    severity=Severity.WARNING,
    summary="A disabled device under SCMI control is granted to dom0.",
    xen="Xen does not look at `status` here: dom0 may switch the device's clocks, resets and power domains.",
    mend="remove access-controllers from the disabled device, or mark it xen,passthrough",
    check=_check,
    bad=(
        Change(
            "host.dts",
            "access-controllers = <&scmi_xen 0>;",
            'access-controllers = <&scmi_xen 0>;\n\t\t\tstatus = "disabled";',
        ),
    ),
)
