"""XS309 unowned-resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Device, FirmwareDevice, GuestNode, HostDomain, ResourceUse
from xenscmi.rules.editing.device_ids import write_id
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.scmi.header import ProtocolId

RULE = HostRule(
    code="XS309",
    name="unowned-resource",
    severity=Severity.ERROR,
    summary="A device uses a clock, reset or power domain that in the firmware does not belong to the device.",
    then="the firmware answers DENIED",
    xen="Xen knows nothing about resources. The firmware answers DENIED, and the guest's driver fails to probe.",
    fix="use the firmware's ids for the device, or assign the device that owns them",
    fixable=(Safety.UNSAFE,),
    bad=(Change("panel.dts", "clocks = <&scmi_clock 10>;", "clocks = <&scmi_clock 1>;"),),
    firmware=FIRMWARE,
)


@dataclass(frozen=True, slots=True)
class _User:
    """A node that uses resources: what to call it, the device that it stands for, and the firmware's rows of that.

    `device` is None where it may be any device of the domain.
    """

    name: str
    uses: tuple[ResourceUse, ...]
    device: Device | None
    rows: list[FirmwareDevice]

    def unowned(self) -> list[ResourceUse]:
        """Return the uses of resources that none of its devices owns."""
        if self.device and not self.rows:
            return []  # unknown-device-id
        return [use for use in self.uses if not any(use.resource_id in _owned(row, use) for row in self.rows)]


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.firmware.devices is None:
        return
    users = list(_users(index))
    served = {row.device_id for user in users if _is_served(user) for row in user.rows}
    for user in users:
        other = _other_row(index, user, served)
        if other is not None and user.device is not None:
            yield _wrong_id(index, user, user.device, other)
            continue
        for use in user.unowned():
            owner = user.device.path if user.device else "any device of the domain"
            yield Finding(
                message=f"{user.name} uses {use.kind} {use.resource_id}, "
                f"which in the firmware does not belong to {owner}",
                span=use.span,
                related=(
                    *also("the device", user.device.span if user.device else None),
                    *also("the firmware's device", *(row.span for row in user.rows if user.device)),
                ),
            )


def _users(index: Index) -> Iterator[_User]:
    """Yield the nodes of dom0 and of guests that use resources."""
    if index.dom0 is not None and index.channel(index.dom0) is not None:
        for kept, uses in index.resources_of_dom0:
            own = index.device(kept.path)
            if own is not None:
                yield _User(f"{kept.path} of dom0", uses, own, _firmware_rows(index, [own]))
    for domain in index.host.domains:
        if domain.tree is None or index.channel(domain) is None:
            continue
        all_devices = [each.device for each in index.assigned(domain)]
        for node in domain.tree.nodes:
            if not _is_elsewhere(index, domain, node):
                device = _device(index, domain, node)
                devices = [device] if device else all_devices
                yield _User(f"{node.path} of {domain.title}", node.resources, device, _firmware_rows(index, devices))


def _is_served(user: _User) -> bool:
    """Return whether a device's user uses nothing but the device's own resources."""
    return bool(user.device and user.uses) and not user.unowned()


def _other_row(index: Index, user: _User, served: set[int]) -> FirmwareDevice | None:
    """Return the firmware's device whose id is meant where all that a device uses is that device's.

    One resource may be mistyped, and what its own device uses may be copied; else the id is the more likely mistake.
    """
    if len(user.uses) < 2 or len(user.unowned()) < len(user.uses):
        return None
    rows = index.firmware_devices.values()
    owner = next((row for row in rows if all(each.resource_id in _owned(row, each) for each in user.uses)), None)
    return None if owner is None or owner.device_id in served else owner


def _wrong_id(index: Index, user: _User, device: Device, row: FirmwareDevice) -> Finding:
    entry = index.scmi_entries(device)[0]
    own = index.firmware_devices.get(entry.arguments[0])
    return Finding(
        message=f"{device.path} is SCMI device {entry.arguments[0]} here, "
        f"but all that {user.name} uses belongs to device {row.device_id} in the firmware",
        span=entry.span,
        related=(
            *also("used here", *(use.span for use in user.uses)),
            *also("the firmware's device", own.span if own else None, row.span),
        ),
        help="write the device's own id in access-controllers, or correct the firmware's table",
        fix=write_id(index, device, entry, row.device_id, certain=False),
    )


def _is_elsewhere(index: Index, domain: HostDomain, node: GuestNode) -> bool:
    """Return whether another rule says why a node's resources have no owner: its device is not there or not granted."""
    if node.host_path is not None and index.passthrough.node(node.host_path.value) is None:
        return True  # unknown-device-path
    given = index.passthrough.given_as(domain, node.path)
    if given is not None and not given.is_alike:
        return True  # wrong-guest-compatible
    if given is None:
        return any(index.passthrough.node(path.value) is None for path in domain.dtdevs)
    device = index.device(given.node.path)
    return device is None or not device.entries  # ungranted-resource


def _device(index: Index, domain: HostDomain, node: GuestNode) -> Device | None:
    given = index.passthrough.given_as(domain, node.path)
    return index.device(given.node.path) if given else index.device_behind(domain, node)


def _firmware_rows(index: Index, devices: list[Device]) -> list[FirmwareDevice]:
    ids = [entry.arguments[0] for device in devices for entry in index.scmi_entries(device) if entry.arguments]
    return [index.firmware_devices[number] for number in ids if number in index.firmware_devices]


def _owned(row: FirmwareDevice, resource: ResourceUse) -> frozenset[int]:
    protocol = resource.protocol.value if resource.protocol else None
    if protocol == ProtocolId.PERFORMANCE:
        return row.performance
    return {"clocks": row.clocks, "resets": row.resets, "power-domains": row.power_domains}[resource.kind]
