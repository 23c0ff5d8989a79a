"""XS307 device-left-to-dom0."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS307",
    name="device-left-to-dom0",
    severity=Severity.WARNING,
    summary="A device is given to a domain and left to dom0.",
    then="Xen lets both have it",
    xen="Xen gives dom0 every device that is not marked: both get the registers, and the firmware lets both switch its "
    "clocks, resets and power domains.",
    fix="mark the device's node in the host tree with xen,passthrough;",
    bad=(
        Change(
            "host.dts",
            "access-controllers = <&scmi_xen 1>;\n\t\t\txen,passthrough;",
            "access-controllers = <&scmi_xen 1>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for each in index.assignments:
        if each.domain.kind is not DomainKind.DOM0 and each.device.for_dom0 and index.dom0:
            yield Finding(
                message=f"{each.device.path} is given to {each.domain.title}, and dom0 has it too: "
                "its node has no xen,passthrough",
                span=each.device.span,
                related=also("given here", each.span),
            )
