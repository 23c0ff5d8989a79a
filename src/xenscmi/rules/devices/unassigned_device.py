"""XS302 unassigned-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Device, DomainKind, GuestMapping, HostDomain
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS302",
    name="unassigned-device",
    severity=Severity.ERROR,
    summary="A device under SCMI control is mapped to a domain but not assigned to it.",
    then="the firmware does not let the domain use it",
    xen="Xen asks the firmware for permissions only for devices that it is told to assign, with or without an IOMMU. "
    "The guest reaches the registers, but the clocks, resets and power domains are DENIED.",
    fix="add the device's host path to dtdev, or for a dom0less domain to its node as xen,path",
    bad=(Change("panel.dts", '\t\t\txen,path = "/soc/display@e0001000";\n', ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    controlled = _by_page(index)
    for domain in index.host.domains:
        if domain.kind is DomainKind.DOM0 or index.channel(domain) is None:
            continue
        given = {each.device.path for each in index.assigned(domain)} | _misnamed(index, domain)
        setting = "dtdev" if domain.kind is DomainKind.TOOLSTACK else "xen,path"
        for mapping in _unnamed(domain):
            for device in _within(mapping, controlled):
                if device.path not in given:
                    yield Finding(
                        message=f"{domain.title} gets the registers of {device.path}, but no {setting} names it",
                        span=mapping.span,
                        related=also("this device is under SCMI control", device.span),
                    )
                    given.add(device.path)
        for node in domain.tree.nodes if domain.tree and domain.kind is DomainKind.TOOLSTACK else ():
            found = index.device_behind(domain, node)
            if node.resources and found and index.scmi_entries(found) and found.path not in given:
                yield Finding(
                    message=f"{node.path} of {domain.title} uses SCMI resources of {found.path}, "
                    "but dtdev does not name it, and iomem does not map it",
                    span=node.span,
                    related=(*also(GIVEN, domain.tree_given), *also("this device is under SCMI control", found.span)),
                )


def _unnamed(domain: HostDomain) -> Iterator[GuestMapping]:
    """Yield the mappings that name no device: all of `iomem`, and `xen,reg` without `xen,path`."""
    yield from domain.iomem
    for node in domain.tree.nodes if domain.tree and domain.kind is DomainKind.DOM0LESS else ():
        if node.host_path is None and node.mappings:
            yield from node.mappings.value or ()


def _misnamed(index: Index, domain: HostDomain) -> set[str]:
    """Return the devices that a domain names by a path that is not there: unknown-device-path says so."""
    stated = [*domain.dtdevs, *(node.host_path for node in domain.tree.nodes if node.host_path)] if domain.tree else []
    unknown = [path.value.rstrip("/") for path in stated if path.value and index.passthrough.node(path.value) is None]
    ends = tuple(f"@{path.rpartition('@')[2]}" for path in unknown if "@" in path)
    return {device.path for device in index.host.devices if device.path.endswith(ends)} if ends else set()


def _by_page(index: Index) -> dict[int, Device]:
    """Return the devices under SCMI control by the numbers of the pages in which their registers begin."""
    return {
        region.start // PAGE_SIZE: device
        for device in index.host.devices
        if index.scmi_entries(device)
        for region in device.regions
    }


def _within(mapping: GuestMapping, controlled: dict[int, Device]) -> Iterator[Device]:
    first, last = mapping.host // PAGE_SIZE, (mapping.host + mapping.size - 1) // PAGE_SIZE
    if last - first > len(controlled):
        yield from (device for number, device in controlled.items() if first <= number <= last)
    else:
        yield from (controlled[number] for number in range(first, last + 1) if number in controlled)
