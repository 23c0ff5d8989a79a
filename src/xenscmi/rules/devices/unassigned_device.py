"""XS302 unassigned-device."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM, XEN_PATH
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Device, DomainKind, GuestMapping, HostDomain
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.phrases import GIVEN
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS302",
    name="unassigned-device",
    severity=Severity.ERROR,
    summary="A device under SCMI control is mapped to a domain but not assigned to it.",
    then="the firmware does not let the domain use it",
    xen="Xen asks the firmware for permissions only for devices that it is told to assign, with or without an IOMMU. "
    "The guest reaches the registers, but the clocks, resets and power domains are DENIED.",
    fix="add the device's host path to dtdev, or for a dom0less domain to its node as xen,path",
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
                        fix=_assign(index, domain, device, mapping),
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
                    fix=_assign(index, domain, found),
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


def _assign(index: Index, domain: HostDomain, device: Device, mapping: GuestMapping | None = None) -> Fix | None:
    """Return the path where the domain is given its devices: safe if a node of its own uses the device's resources."""
    users = [each for each in (domain.tree.nodes if domain.tree else ()) if index.device_behind(domain, each) is device]
    if not users:
        return None  # perhaps it is the mapping that is wrong
    certain = any(each.resources for each in users)
    settings = settings_of(domain)
    if any(index.passthrough.node(path.value) is None for path in domain.dtdevs) or _has_idle(index, domain):
        return None  # one of the paths was meant to be this one
    if settings is not None:
        return fix_if(
            certain, f"Add {device.path} to dtdev", xlcfg.append(settings, "dtdev", device.path, behind="iomem")
        )
    nodes = domain.tree.nodes if domain.tree else ()
    guest = next((each for each in nodes if each.mappings and mapping in (each.mappings.value or ())), None)
    node = domain.tree.tree.node(guest.path) if domain.tree and guest else None
    if node is None or is_compatible(node, SCMI_SHMEM):
        return None
    statement = f'{XEN_PATH} = "{device.path}";'
    return rename_like(node, XEN_PATH) or fix_if(certain, f"Add {statement}", dts.insert(node, statement))


def _has_idle(index: Index, domain: HostDomain) -> bool:
    """Return whether a domain is given a device that its partial tree does not describe."""
    return domain.tree is not None and any(
        each.guest is None for each in index.passthrough.given if each.domain is domain
    )
