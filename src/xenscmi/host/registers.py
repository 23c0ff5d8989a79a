"""Registers of devices: where they are in physical memory, and which devices have a given address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xenscmi.bindings.addresses import address_count, physical_ranges, translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import device_type
from xenscmi.config.constants import PAGE_MASK
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node
from xenscmi.host.address_map import AddressMap
from xenscmi.host.types import Region


@once
def registers(node: Node) -> tuple[Region, ...]:
    """Return a node's addresses in physical memory, up to the first that Xen cannot translate."""
    regions: list[Region] = []
    try:
        for index in range(address_count(node)):
            found = translate(node, index)
            regions.append(Region(path=node.path, start=found.address, size=found.size, span=found.span))
    except BindingError:
        pass
    return tuple(regions)


def bus_windows(node: Node) -> Iterator[Region]:
    """Yield the windows of a PCI host bridge, which Xen gives to the owner of the bridge."""
    if (device_type(node) or "").lower() != "pci":
        return
    try:
        for entry in physical_ranges(node):
            if entry.address is not None:
                yield Region(path=node.path, start=entry.address, size=entry.size, span=node.span)
    except BindingError:
        return


def pages_of(start: int, size: int) -> tuple[int, int]:
    """Return the addresses of the first page of a range, and of the first page after it."""
    return start & ~PAGE_MASK, (start + size + PAGE_MASK) & ~PAGE_MASK


@dataclass(frozen=True, slots=True)
class RegisterUse:
    """A region of physical memory, and the node whose registers it holds."""

    node: Node
    region: Region


def register_map(nodes: Iterable[Node], *, windows: bool = False) -> AddressMap[RegisterUse]:
    """Return the registers of nodes by address, those of PCI host bridges with the `windows` of their buses."""
    return AddressMap(
        (region.start, region.size, RegisterUse(node, region))
        for node in nodes
        for region in (*registers(node), *(bus_windows(node) if windows else ()))
    )
