"""XS308 unknown-device-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS308",
    name="unknown-device-id",
    severity=Severity.ERROR,
    summary="A device has an SCMI device id that the firmware does not know.",
    then="the firmware refuses it, and so does Xen",
    xen="Giving the device to a domain fails with the firmware's status (NOT_FOUND: -2). For dom0 and dom0less "
    'domains Xen panics: "could not assign dev for …".',
    fix="write the firmware's own id of this device",
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 0>;", "access-controllers = <&scmi_xen 99>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(view: View) -> Iterator[Finding]:
    if view.host.firmware.devices is None:
        return
    sent = {id(entry) for _, entry in view.bindings}
    for device in view.host.devices:
        for entry in view.scmi_entries(device):
            if entry.arguments and entry.arguments[0] not in view.firmware_devices:
                yield Finding(
                    message=f"the firmware has no device {entry.arguments[0]} ({device.path})",
                    span=entry.span,
                    severity=None if id(entry) in sent else Severity.WARNING,
                )
