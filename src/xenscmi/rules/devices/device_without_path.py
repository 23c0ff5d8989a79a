"""XS302 device-without-path."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Device, Domain, DomainKind, Mapping, Region
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, Rule, also
from xenscmi.rules.words import domain_name


def _check(view: View) -> Iterator[Finding]:
    controlled = [
        (region, device) for device in view.host.devices if view.scmi_entries(device) for region in device.regions
    ]
    given = {(id(each.domain), each.device.path) for each in view.assignments}
    for domain in view.host.domains:
        if domain.kind is DomainKind.DOM0 or view.channel(domain) is None:
            continue
        setting = "dtdev" if domain.kind is DomainKind.TOOLSTACK else "xen,path"
        for mapping in _unnamed(domain):
            for device in _within(controlled, mapping.host, mapping.size):
                if (id(domain), device.path) not in given:
                    yield Finding(
                        message=f"{domain_name(domain)} gets the registers of {device.path}, but no {setting} names it",
                        span=mapping.span,
                        related=also("is under SCMI control", device.span),
                    )


def _unnamed(domain: Domain) -> Iterator[Mapping]:
    """Yield the mappings for which nothing names a device: all of `iomem`, and `xen,reg` without `xen,path`."""
    yield from domain.iomem
    for node in domain.tree.nodes if domain.tree and domain.kind is DomainKind.DOM0LESS else ():
        if node.host_path is None and node.mappings:
            yield from node.mappings.value or ()


def _within(controlled: list[tuple[Region, Device]], start: int, size: int) -> Iterator[Device]:
    for region, device in controlled:
        if region.size and region.overlaps(start, size):
            yield device


RULE = Rule(
    code="XS302",
    name="device-without-path",
    severity=Severity.ERROR,
    summary="A device under SCMI control is mapped to a domain without being assigned to it.",
    then="the firmware does not let the domain use it",
    xen="Xen asks the firmware for permission only for devices that it is told to assign, IOMMU or not. The guest "
    "reaches the registers, but its clocks, resets and power domains are DENIED.",
    mend="add the device's host path to dtdev, or for a dom0less domain as xen,path to its node",
    check=_check,
    bad=(Change("panel.dts", '\t\t\txen,path = "/soc/display@e0001000";\n', ""),),
)
