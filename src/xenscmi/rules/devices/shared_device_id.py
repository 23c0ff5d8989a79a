"""XS306 shared-device-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Assignment, Index
from xenscmi.host.types import AccessController
from xenscmi.rules.editing.device_ids import id_as_firmware
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS306",
    name="shared-device-id",
    severity=Severity.WARNING,
    summary="Devices of two domains have the same SCMI device id.",
    then="Xen has the firmware grant it to both",
    xen="Xen asks the firmware to grant the id to both: each can switch off what the other uses.",
    fix="write the firmware's own id of each device",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 0>;", "access-controllers = <&scmi_xen 1>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    uses: dict[int, list[tuple[Assignment, AccessController]]] = {}
    for each, entry in index.grants:
        if entry.arguments:
            uses.setdefault(entry.arguments[0], []).append((each, entry))
    for number, claims in uses.items():
        # Where the firmware's table is known, the device that uses this one's resources has the id by right.
        owner, claim = next((use for use in claims if _uses_resources(index, use[0], number)), claims[0])
        for each, entry in claims:
            if each.domain is not owner.domain and each.device.path != owner.device.path:
                yield Finding(
                    message=f"SCMI device {number} is {each.device.path} of {each.domain.title} "
                    f"and {owner.device.path} of {owner.domain.title}",
                    span=entry.span,
                    related=also("also used here", claim.span),
                    fix=id_as_firmware(index, each.device, entry),
                )


def _uses_resources(index: Index, assignment: Assignment, number: int) -> bool:
    """Return whether the guest's node of a device uses a resource that the firmware has for an SCMI device."""
    row, tree = index.firmware_devices.get(number), assignment.domain.tree
    for node in tree.nodes if row and tree else ():
        given = index.passthrough.given_as(assignment.domain, node.path)
        if row and given and given.node.path == assignment.device.path:
            owned = {"clocks": row.clocks, "resets": row.resets, "power-domains": row.power_domains}
            return any(resource.resource_id in owned[resource.kind] for resource in node.resources)
    return False
