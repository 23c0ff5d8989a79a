"""XS325 disabled-guest-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.properties import is_available
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS325",
    name="disabled-guest-node",
    severity=Severity.WARNING,
    summary="A domain gets a device, but the device's node in its partial tree is disabled.",
    then="the guest does not use the device",
    xen="Xen gives the device to the domain anyway, so no other domain can have it.",
    fix='remove the status, or write status = "okay"',
    fixable=(Safety.UNSAFE,),
    bad=(
        Change("panel.dts", 'compatible = "lab,display";', 'compatible = "lab,display";\n\t\t\tstatus = "disabled";'),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        status = given.guest.get("status") if given.guest else None
        if given.guest is not None and status is not None and not is_available(given.guest):
            yield Finding(
                message=f"{given.guest.path} of {given.domain.title} is disabled",
                span=status.span,
                related=also("the device is given here", given.span),
                fix=unsafe_fix("Remove the status", dts.remove(status)),
            )
