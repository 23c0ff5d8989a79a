"""The fix of an SCMI device id: the firmware's own, of the device whose resources the device's users use."""

from __future__ import annotations

from itertools import takewhile

from xenscmi.bindings.names import ACCESS_CONTROLLERS
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import fix_if

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xenscmi.diagnostics import Fix
    from xenscmi.host.types import AccessController, Device, FirmwareDevice, ResourceUse


def id_as_firmware(index: Index, device: Device, entry: AccessController) -> Fix | None:
    """Return the id of the only free device of the firmware that owns all that the device's users use."""
    device_id = owner_of(index, tuple(_uses(index, device)))
    return None if device_id is None or not entry.arguments else write_id(index, device, entry, device_id)


def owner_of(index: Index, uses: Sequence[ResourceUse]) -> int | None:
    """Return the id of the only device of the firmware that owns all these resources, if no node has it yet."""
    taken = {each.arguments[0] for other in index.host.devices for each in index.scmi_entries(other) if each.arguments}
    rows = [row for row in index.firmware_devices.values() if uses and all(_owns(row, use) for use in uses)]
    return rows[0].device_id if len(rows) == 1 and rows[0].device_id not in taken else None


def write_id(
    index: Index, device: Device, entry: AccessController, device_id: int, *, certain: bool = True
) -> Fix | None:
    """Return the edit of the id in an entry of `access-controllers`."""
    at = sum(1 + len(each.arguments) for each in takewhile(lambda each: each is not entry, device.entries))
    prop = dts.property_of(index.host.tree, device.path, ACCESS_CONTROLLERS)
    return fix_if(certain, f"Write SCMI device {device_id}", dts.cells(prop, [device_id], at + 1))


def _uses(index: Index, device: Device) -> Iterator[ResourceUse]:
    """Yield what the nodes use that stand for a device: dom0's own, and those of the domains that get it."""
    for kept, uses in index.resources_of_dom0:
        if kept.path == device.path:
            yield from uses
    for domain in index.host.domains:
        for node in domain.tree.nodes if domain.tree else ():
            if node.resources and index.device_behind(domain, node) is device:
                yield from node.resources


def _owns(row: FirmwareDevice, use: ResourceUse) -> bool:
    owned = {"clocks": row.clocks, "resets": row.resets, "power-domains": row.power_domains | row.performance}
    return use.resource_id in owned[use.kind]
