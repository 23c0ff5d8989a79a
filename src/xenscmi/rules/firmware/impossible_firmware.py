"""XS501 impossible-firmware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import FirmwareDevice
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule

RULE = HostRule(
    code="XS501",
    name="impossible-firmware",
    severity=Severity.ERROR,
    summary="The firmware is said to have what none can have: a rate of 0, an id beyond SCMI's, a missing parent.",
    xen="Xen does not look at the firmware's resources. Firmware cannot answer so: SCMI has no room for the value, or "
    "Linux refuses the resource or the whole protocol. `simulate` and `create` refuse the host in the same words.",
    fix="correct the firmware's table in host.toml",
    firmware=replace(
        FIRMWARE, devices=(*(FIRMWARE.devices or ()), FirmwareDevice(device_id=3, clocks=frozenset({70000})))
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.tree is None:
        return  # nothing boots
    # The firmware's records take a while to import.
    from xenscmi.firmware.validation import problems_of
    from xenscmi.host.platform import impossible

    for problem in problems_of(index.platform):
        found = impossible(problem, index.host)
        yield Finding(message=found.message, span=found.span, help=found.help)
