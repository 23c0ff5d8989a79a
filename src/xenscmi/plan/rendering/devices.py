"""The devices under SCMI control, as the tables of the firmware and for people list them: by SCMI id."""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.planned import PlannedDevice, ScmiDevice


def controlled(allocation: Allocation) -> list[tuple[PlannedDevice, int, ScmiDevice, str]]:
    """Return the devices by SCMI id: each with the id, what the firmware counts to this id, and its domain's name."""
    found = [
        (device, number, scmi, allotment.domain.name)
        for allotment in allocation.allotments
        for device in allotment.domain.devices
        if device.path in allocation.device_ids
        for number, scmi in zip(allocation.device_ids[device.path], device.scmi, strict=True)
    ]
    return sorted(found, key=lambda each: each[1])
