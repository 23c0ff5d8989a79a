"""XS308 unknown-device-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.device_ids import id_as_firmware
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
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 0>;", "access-controllers = <&scmi_xen 99>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.firmware.devices is None:
        return
    sent = {id(entry) for _, entry in index.grants}
    for device in index.host.devices:
        for entry in index.scmi_entries(device):
            if entry.arguments and entry.arguments[0] not in index.firmware_devices:
                yield Finding(
                    message=f"the firmware has no device {entry.arguments[0]} ({device.path})",
                    span=entry.span,
                    severity=None if id(entry) in sent else Severity.WARNING,
                    fix=id_as_firmware(index, device, entry),
                )
