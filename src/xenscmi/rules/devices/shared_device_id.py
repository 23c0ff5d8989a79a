"""XS306 shared-device-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Assignment, Index
from xenscmi.host.types import AccessController
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS306",
    name="shared-device-id",
    severity=Severity.WARNING,
    summary="Devices of two domains have the same SCMI device id.",
    then="Xen has the firmware grant it to both",
    xen="Xen asks the firmware to grant the id to both: each can switch off what the other uses.",
    fix="write the firmware's own id of each device",
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 0>;", "access-controllers = <&scmi_xen 1>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[int, tuple[Assignment, AccessController]] = {}
    for each, entry in index.grants:
        if not entry.arguments:
            continue
        other, named = first.setdefault(entry.arguments[0], (each, entry))
        if other.domain is not each.domain and other.device.path != each.device.path:
            yield Finding(
                message=f"SCMI device {entry.arguments[0]} is {each.device.path} of {each.domain.title} "
                f"and {other.device.path} of {other.domain.title}",
                span=entry.span,
                related=also("first used here", named.span),
            )
