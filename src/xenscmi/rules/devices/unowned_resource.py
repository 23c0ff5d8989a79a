"""XS309 unowned-resource."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Device, FirmwareDevice, GuestNode, HostDomain, ResourceUse
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS309",
    name="unowned-resource",
    severity=Severity.ERROR,
    summary="A device uses a clock, reset or power domain that in the firmware does not belong to the device.",
    then="the firmware answers DENIED",
    xen="Xen knows nothing about resources. The firmware answers DENIED, and the guest's driver fails to probe.",
    fix="use the firmware's ids for the device, or assign the device that owns them",
    bad=(Change("panel.dts", "clocks = <&scmi_clock 10>;", "clocks = <&scmi_clock 1>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.firmware.devices is None:
        return
    if index.dom0 is not None and index.channel(index.dom0) is not None:
        for kept, uses in index.resources_of_dom0:
            own = index.device(kept.path)
            if own is not None:
                yield from _unowned(index, f"{kept.path} of dom0", uses, own, [own])
    for domain in index.host.domains:
        if domain.tree is None or index.channel(domain) is None:
            continue
        all_devices = [each.device for each in index.assigned(domain)]
        for node in domain.tree.nodes:
            device = _device(index, domain, node)
            devices = [device] if device else all_devices
            yield from _unowned(index, f"{node.path} of {domain.title}", node.resources, device, devices)


def _unowned(
    index: Index, user: str, uses: tuple[ResourceUse, ...], device: Device | None, devices: list[Device]
) -> Iterator[Finding]:
    """Yield the uses of resources that none of some devices owns; `device` is the only one, if there is only one."""
    rows = _firmware_rows(index, devices)
    for resource in uses if rows or not device else ():
        if not any(resource.resource_id in _owned(row, resource) for row in rows):
            owner = device.path if device else "any device of the domain"
            yield Finding(
                message=f"{user} uses {resource.kind} {resource.resource_id}, "
                f"which in the firmware does not belong to {owner}",
                span=resource.span,
                related=also("the device", device.span if device else None),
            )


def _device(index: Index, domain: HostDomain, node: GuestNode) -> Device | None:
    given = index.passthrough.given_as(domain, node.path)
    return index.device(given.node.path) if given else index.device_behind(domain, node)


def _firmware_rows(index: Index, devices: list[Device]) -> list[FirmwareDevice]:
    ids = [entry.arguments[0] for device in devices for entry in index.scmi_entries(device) if entry.arguments]
    return [index.firmware_devices[number] for number in ids if number in index.firmware_devices]


def _owned(row: FirmwareDevice, resource: ResourceUse) -> frozenset[int]:
    return {"clocks": row.clocks, "resets": row.resets, "power-domains": row.power_domains}[resource.kind]
