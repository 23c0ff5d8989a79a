"""Addresses: cell counts, `reg`, and the translation through `ranges`, as Xen does it.

Source: xen/common/device-tree/device-tree.c (dt_n_addr_cells, dt_device_get_address, the default and the PCI bus).
Where Xen and the Devicetree Specification differ, this is Xen: cell counts are inherited from any ancestor.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from xenscmi.devicetree.tree import Node, Property, ShapeError
from xenscmi.source import Span

_MAX_ADDRESS_CELLS = 4
_U64 = (1 << 64) - 1
_PCI_TYPES = ("pci", "pciex", "vci", "ht")
_PCI_NAMES = ("pci", "pcie")

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of an address space: `size` bytes from `address`, as one entry of `reg` says, and where that stands."""

    address: int
    size: int
    span: Span


def address_cells(node: Node) -> int:
    """Return how many cells an address of `node` has: `#address-cells` of its nearest ancestor that says so, or 2."""
    return _inherited(node, "#address-cells", 2)


def size_cells(node: Node) -> int:
    """Return how many cells a size of `node` has: `#size-cells` of its nearest ancestor that says so, or 1."""
    return _inherited(node, "#size-cells", 1)


def reg(node: Node) -> tuple[Region, ...]:
    """Return the entries of `reg` as written, untranslated.

    Raises ShapeError where there is no `reg`, or where its length is no multiple of address and size.
    """
    prop = _get(node, "reg")
    cells = address_cells(node), size_cells(node)
    rows = prop.rows(*cells, hint=_cells_hint(node, cells))
    return tuple(
        Region(row[0], row[1], prop.place(4 * sum(cells) * index, 4 * sum(cells))) for index, row in enumerate(rows)
    )


def translate(node: Node, index: int = 0) -> Region:
    """Return entry `index` of `reg` with its physical address, as Xen's dt_device_get_address finds it.

    Raises ShapeError with the reason where Xen finds none: no such entry, an ancestor without `ranges`, an address
    outside them, cell counts of 0 or above 4. What follows the entry is not looked at.
    """
    bus = _bus(node)
    cells = _counts(bus, node)
    prop = _get(node, bus.addresses)
    start, width, count = index * sum(cells), sum(cells), len(prop.value) // 4
    if start + width > count:
        raise prop.error(f"has {count} cells, too few for entry {index}", _cells_hint(node, cells))
    entry = struct.unpack_from(f">{width}I", prop.value, 4 * start)
    address, size = entry[: cells[0]], _number(entry[cells[0] :])
    for crossed in node.ancestors():
        if crossed.parent is None:
            break
        bus_above = _bus(crossed)
        cells_above = _counts(bus_above, crossed)
        base, offset = _map(crossed, bus, cells, address, cells_above[0])
        address = bus_above.add(base, offset)
        bus, cells = bus_above, cells_above
    return Region(_number(address), size, prop.place(4 * start, 4 * width))


def address_count(node: Node) -> int:
    """Return how many addresses Xen takes a node to have (dt_number_of_address): none where it stands on no bus."""
    try:
        bus = _bus(node)
        cells = _counts(bus, node)
    except ShapeError:
        return 0
    prop = node.get(bus.addresses)
    return len(prop.value) // 4 // sum(cells) if prop else 0


@dataclass(frozen=True, slots=True)
class _Bus:
    """How addresses are written on a bus: in property `addresses`, the number after the first `skip` cells."""

    addresses: str
    skip: int

    def offset(self, address: Cells, base: Cells, size: int) -> int | None:
        """Return how far `address` lies in the range of `size` at `base`; None outside it."""
        if self.skip and (address[0] ^ base[0]) & 0x03000000:
            return None
        if not self.skip and len(address) > 2 and address != base:
            return None
        start, number = _number(base[self.skip :]), _number(address[self.skip :])
        return number - start if start <= number < (start + size) & _U64 else None

    def add(self, base: Cells, offset: int) -> Cells:
        """Return the address `offset` after `base`; numbers have 64 bits, further cells become 0."""
        number = (_number(base[self.skip :]) + offset) & _U64
        places = reversed(range(len(base) - self.skip))
        return (*base[: self.skip], *(number >> 32 * place & 0xFFFFFFFF for place in places))


_PCI = _Bus(addresses="assigned-addresses", skip=1)
_DEFAULT = _Bus(addresses="reg", skip=0)


def _bus(node: Node) -> _Bus:
    """Return the bus that `node` stands on."""
    parent = node.parent
    if parent is None:
        raise node.missing("address: it is the root")
    kind = parent.get("device_type")
    if parent.base_name in _PCI_NAMES or (kind and kind.value.rstrip(b"\0").decode("latin-1") in _PCI_TYPES):
        return _PCI
    if parent.parent is None or "ranges" in parent:
        return _DEFAULT
    raise parent.missing(
        f"ranges: Xen cannot translate the address of {node.path} ({parent.path} is not a valid bus)",
        f"write `ranges;` into {parent.path} where the addresses below it are the CPU's own",
    )


def _counts(bus: _Bus, node: Node) -> tuple[int, int]:
    """Return the cells of address and size of a device on this bus, both of which translation needs."""
    cells = (3, 2) if bus is _PCI else (address_cells(node), size_cells(node))
    if not (0 < cells[0] <= _MAX_ADDRESS_CELLS and cells[1] > 0):
        raise node.missing(f"address that Xen could translate: Bad cell count, {_cells_hint(node, cells)}")
    return cells


def _map(node: Node, bus: _Bus, cells: tuple[int, int], address: Cells, above: int) -> tuple[Cells, int]:
    """Find `address`, of the bus below `node`, in its `ranges`: return the base on the bus above, and the offset."""
    ranges = _get(node, "ranges")
    if not ranges.value:
        return (0,) * above, _number(address)
    values, width = _whole_cells(ranges), cells[0] + above + cells[1]
    for at in range(0, len(values) - width + 1, width):
        child, end = values[at : at + cells[0]], at + cells[0] + above
        offset = bus.offset(address, child, _number(values[end : at + width]))
        if offset is not None:
            return values[end - above : end], offset
    raise ranges.error(
        f"does not hold the address {_number(address):#x}",
        f"an entry has {width} cells: address {cells[0]}, address above {above}, size {cells[1]}",
    )


def _get(node: Node, name: str) -> Property:
    prop = node.get(name)
    if prop is None:
        raise node.missing(name)
    return prop


def _whole_cells(prop: Property) -> Cells:
    """Return the cells of a property; like Xen, without what is left over."""
    count = len(prop.value) // 4
    return struct.unpack_from(f">{count}I", prop.value)


def _number(cells: Cells) -> int:
    """Return the number that cells make, its lowest 64 bits."""
    number = 0
    for cell in cells:
        number = number << 32 | cell
    return number & _U64


def _inherited(node: Node, name: str, default: int) -> int:
    for ancestor in node.ancestors():
        prop = ancestor.get(name)
        if prop is not None:  # as Xen, which takes the first cell, whatever follows it
            return prop.u32() if len(prop.value) < 4 else int.from_bytes(prop.value[:4], "big")
    return default


def _cells_hint(node: Node, cells: tuple[int, int]) -> str:
    parent = node.parent.path if node.parent else "/"
    return f"#address-cells is {cells[0]} and #size-cells is {cells[1]} for the children of {parent}"
