"""The devices under SCMI control, as the tables of the firmware and for people list them: by SCMI id."""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.planned import PlannedDevice


def controlled(allocation: Allocation) -> list[tuple[PlannedDevice, int, str]]:
    """Return the devices with their SCMI ids and their domains' names, by id."""
    found = [
        (device, allocation.device_ids[device.path], allotment.domain.name)
        for allotment in allocation.allotments
        for device in allotment.domain.devices
        if device.path in allocation.device_ids
    ]
    return sorted(found, key=lambda each: each[1])
