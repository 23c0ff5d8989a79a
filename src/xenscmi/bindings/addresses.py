"""Addresses: cell counts, `reg`, buses, and the translation through `ranges` (xen/common/device-tree/device-tree.c).

Xen knows two kinds of buses. On a PCI bus an address has 3 cells and a size 2, and Xen looks for the addresses of a
device in `assigned-addresses`, which only firmware writes: `reg` of a PCI device is a configuration space address, and
to Xen such a node usually has no address at all. Any other node is a bus if it has `ranges` or is the root. Cell counts
are inherited from any ancestor, which is not what the Devicetree Specification says.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import device_type, read_u32
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Property
from xenscmi.source import Span

ADDRESS_CELLS, SIZE_CELLS = "#address-cells", "#size-cells"
DEFAULT_ADDRESS_CELLS = 2
DEFAULT_SIZE_CELLS = 1
MAX_ADDRESS_CELLS = 4
LAST_ADDRESS = (1 << 64) - 1
"""The last address that Xen can name, by which it also means that there is none (DT_BAD_ADDR)."""
_PCI_TYPES = ("pci", "pciex", "vci", "ht")
_PCI_NAMES = ("pci", "pcie")
_PCI_SPACE = 0x0300_0000
"""The bits of an address's first cell that tell configuration, I/O and memory space apart."""
_PCI_IO, _PCI_MEMORY = 1, 2

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RegEntry:
    """An entry of `reg` (of `assigned-addresses` on a PCI bus): `size` bytes from `address`.

    `prop` is the property, the entry `length` of its bytes from `offset`.
    """

    address: int
    size: int
    prop: Property
    offset: int
    length: int

    @property
    def span(self) -> Span:
        """Where the entry was written."""
        return self.prop.place(self.offset, self.length)


@dataclass(frozen=True, slots=True)
class RangesEntry:
    """An entry of a bus's `ranges`: `size` bytes that begin at the physical `address`.

    Where the address does not translate, it is None, and `problem` says why.
    """

    address: int | None
    size: int
    problem: BindingError | None = None


def address_cells(node: Node) -> int:
    """Return how many cells an address of `node` has: `#address-cells` of its nearest ancestor that says so, or 2."""
    return DEFAULT_ADDRESS_CELLS if node.parent is None else _cells_below(node.parent)[0]


def size_cells(node: Node) -> int:
    """Return how many cells a size of `node` has: `#size-cells` of its nearest ancestor that says so, or 1."""
    return DEFAULT_SIZE_CELLS if node.parent is None else _cells_below(node.parent)[1]


def mapping_cells(node: Node) -> tuple[int, int]:
    """Return how many cells an address and a size of a node's `xen,reg` have: as its parent says, or 2 and 1.

    Nothing is inherited from further above, and below the root Xen takes 2 and 1 (scan_pfdt_node).
    """
    parent = node.parent
    if parent is None or parent.parent is None:
        return DEFAULT_ADDRESS_CELLS, DEFAULT_SIZE_CELLS
    address, size = read_u32(parent, ADDRESS_CELLS), read_u32(parent, SIZE_CELLS)
    return DEFAULT_ADDRESS_CELLS if address is None else address, DEFAULT_SIZE_CELLS if size is None else size


def written_reg(node: Node) -> tuple[RegEntry, ...]:
    """Return the whole entries of `reg` as written, not translated; none without `reg` or with bad cell counts."""
    prop = node.get("reg")
    counts = address_cells(node), size_cells(node)
    if prop is None or not 0 < counts[0] <= MAX_ADDRESS_CELLS:
        return ()
    cells, width = _whole_cells(prop), sum(counts)
    return tuple(
        _entry(prop, cells[at : at + width], counts[0], 4 * at) for at in range(0, len(cells) - width + 1, width)
    )


def address_count(node: Node) -> int:
    """Return how many addresses Xen takes a node to have (dt_number_of_address): none where it is not on a bus."""
    bus = _bus_of(node)
    if bus is None:
        return 0
    counts = bus.counts(node)
    prop = node.get(bus.addresses)
    return len(prop.value) // 4 // sum(counts) if prop is not None and _good(counts) else 0


def translate(node: Node, index: int = 0) -> RegEntry:
    """Return entry `index` of a node's addresses with its physical address (dt_device_get_address).

    Raises BindingError with the reason where Xen finds none: no such entry, an ancestor without `ranges`, an address
    outside of them, cell counts of 0 or above 4. What follows the entry is not looked at.
    """
    bus = _bus_of(node)
    if bus is None:
        raise _no_bus(node)
    counts = bus.counts(node)
    if not 0 < counts[0] <= MAX_ADDRESS_CELLS:
        raise _bad_counts(node, counts)
    prop = node.get(bus.addresses)
    if prop is None:
        raise _missing(node, bus.addresses)
    cells, width = _whole_cells(prop), sum(counts)
    start = index * width
    if start + width > len(cells):
        message = f"{node.path}: {prop.name} has {len(cells)} cells, too few for entry {index}"
        raise BindingError(message, span=prop.span, help=_cells_hint(node, counts), errno=errno.EINVAL)
    row = cells[start : start + width]
    address = _physical(node, bus, row[: counts[0]])
    return RegEntry(address, _number(row[counts[0] :]), prop, 4 * start, 4 * width)


def physical_ranges(node: Node) -> Iterator[RangesEntry]:
    """Yield the entries of a bus's `ranges` by their physical addresses (dt_for_each_range); none if it is not a bus.

    Raises BindingError where Xen cannot read the property at all.
    """
    bus, parent_bus = _bus_at(node), _bus_of(node)
    if bus is None:
        return
    ranges = node.get("ranges")
    if node.parent is None or ranges is None:
        printed = None if node.parent is None else f"DT: no ranges; cannot enumerate {node.path}"
        raise _missing(node, "ranges", printed)
    if not ranges.value:
        return
    # As in Xen, the counts are those by which the bus itself is addressed, unless it is a PCI bus.
    counts = bus.counts(node)
    if not _good(counts):
        raise _bad_counts(node, counts, f"dt_parse: Bad cell count for device {node.path}")
    if parent_bus is None:
        raise _no_bus(node, f"DT: {node.parent.path} is not a valid bus")
    above = parent_bus.counts(node)
    if not _good(above):
        raise _bad_counts(node, above, f"dt_parse: Bad cell count for parent {node.path}")
    cells, width = _whole_cells(ranges), counts[0] + above[0] + counts[1]
    for at in range(0, len(cells) - width + 1, width):
        size = _number(cells[at + counts[0] + above[0] : at + width])
        try:
            yield RangesEntry(_physical(node, parent_bus, cells[at + counts[0] : at + counts[0] + above[0]]), size)
        except BindingError as error:
            yield RangesEntry(None, size, error)


@dataclass(frozen=True, slots=True)
class _Bus:
    """How addresses are written on a bus: in property `addresses`; on PCI, the number follows a cell of flags."""

    addresses: str
    pci: bool

    def counts(self, node: Node) -> tuple[int, int]:
        """Return how many cells address and size of a node on this bus have."""
        return (3, 2) if self.pci else (address_cells(node), size_cells(node))

    def offset(self, address: Cells, base: Cells, size: int) -> int | None:
        """Return how far `address` lies behind `base`, the start of a range of `size` bytes; None outside of it."""
        if self.pci:
            if _pci_space(address[0]) != _pci_space(base[0]):
                return None
            address, base = address[1:], base[1:]
        elif len(address) > 2 and address != base:
            return None
        start, number = _number(base), _number(address)
        return number - start if start <= number < (start + size) & LAST_ADDRESS else None

    def add(self, base: Cells, offset: int) -> Cells:
        """Return the address `offset` after `base`; numbers have 64 bits, further cells become 0."""
        flags = base[:1] if self.pci else ()
        number = (_number(base[len(flags) :]) + offset) & LAST_ADDRESS
        places = reversed(range(len(base) - len(flags)))
        return (*flags, *(number >> 32 * place & 0xFFFF_FFFF for place in places))


_PCI = _Bus(addresses="assigned-addresses", pci=True)
_DEFAULT = _Bus(addresses="reg", pci=False)


def _pci_space(flags: int) -> int:
    """Return what of an address's first cell must match: I/O or memory, 32 and 64 bits alike (dt_bus_pci_map)."""
    space = (flags & _PCI_SPACE) >> 24
    return _PCI_MEMORY if space > _PCI_IO else space


@once
def _bus_at(node: Node) -> _Bus | None:
    """Return the bus that a node is for its children (dt_match_bus); None where Xen translates nothing below it."""
    if device_type(node) in _PCI_TYPES or node.base_name in _PCI_NAMES:
        return _PCI
    return _DEFAULT if node.parent is None or "ranges" in node else None


def _bus_of(node: Node) -> _Bus | None:
    """Return the bus that a node stands on."""
    return None if node.parent is None else _bus_at(node.parent)


def _physical(node: Node, bus: _Bus, address: Cells) -> int:
    """Carry an address on a node's bus up to the root (__dt_translate_address)."""
    counts = bus.counts(node)
    if not _good(counts):
        raise _bad_counts(node, counts, f"dt_parse: Bad cell count for device {node.path}")
    for crossed in node.ancestors():
        if crossed.parent is None:
            break
        bus_above = _bus_of(crossed)
        if bus_above is None:
            raise _no_bus(crossed, f"DT: {crossed.parent.path} is not a valid bus")
        counts_above = bus_above.counts(crossed)
        if not _good(counts_above):
            raise _bad_counts(crossed, counts_above, f"dt_parse: Bad cell count for parent {crossed.path}")
        base, offset = _cross(crossed, bus, counts, address, counts_above[0])
        address = bus_above.add(base, offset)
        bus, counts = bus_above, counts_above
    number = _number(address)
    if number == LAST_ADDRESS:
        raise _unreadable(node, f"{node.path} has the address {number:#x}, by which Xen means none")
    return number


def _cross(node: Node, bus: _Bus, counts: tuple[int, int], address: Cells, above: int) -> tuple[Cells, int]:
    """Find `address`, of the bus that `node` is, in its `ranges`: return the base on the bus above, and the offset."""
    ranges = node.get("ranges")
    if ranges is None:
        raise _missing(node, "ranges", "DT: no ranges; cannot translate")
    if not ranges.value:
        return (0,) * above, _number(address)
    cells, width = _whole_cells(ranges), counts[0] + above + counts[1]
    for at in range(0, len(cells) - width + 1, width):
        child, end = cells[at : at + counts[0]], at + counts[0] + above
        offset = bus.offset(address, child, _number(cells[end : at + width]))
        if offset is not None:
            return cells[end - above : end], offset
    raise BindingError(
        f"{node.path}: ranges does not hold the address {_number(address[1:] if bus.pci else address):#x}",
        span=ranges.span,
        help=f"an entry has {width} cells: address {counts[0]}, address above {above}, size {counts[1]}",
        errno=errno.EINVAL,
    )


def _good(counts: tuple[int, int]) -> bool:
    """Return whether Xen can read addresses with these counts (DT_CHECK_COUNTS; it takes them as signed)."""
    return 0 < counts[0] <= MAX_ADDRESS_CELLS and 0 < counts[1] < 1 << 31


def _unreadable(node: Node, message: str, printed: str | None = None, help: str = "") -> BindingError:
    return BindingError(message, span=node.span, help=help, errno=errno.EINVAL, printed=printed)


_RANGES_HELP = "write `ranges;` into {} where the addresses below it are the CPU's own"


def _missing(node: Node, name: str, printed: str | None = None) -> BindingError:
    return _unreadable(node, f"{node.path} has no {name}", printed, _RANGES_HELP.format(node.path) * (name == "ranges"))


def _no_bus(node: Node, printed: str | None = None) -> BindingError:
    parent = node.parent
    if parent is None:
        return _missing(node, "address: it is the root")
    return _unreadable(
        parent,
        f"{parent.path} has no ranges: Xen cannot translate the address of {node.path} "
        f"({parent.path} is not a valid bus)",
        printed,
        _RANGES_HELP.format(parent.path),
    )


def _bad_counts(node: Node, counts: tuple[int, int], printed: str | None = None) -> BindingError:
    message = f"{node.path} has no address that Xen could translate: Bad cell count, {_cells_hint(node, counts)}"
    return _unreadable(node, message, printed)


def _entry(prop: Property, row: Cells, addresses: int, offset: int) -> RegEntry:
    return RegEntry(_number(row[:addresses]), _number(row[addresses:]), prop, offset, 4 * len(row))


def _whole_cells(prop: Property) -> Cells:
    """Return the cells of a property; like Xen, without what is left over."""
    count = len(prop.value) // 4
    return struct.unpack_from(f">{count}I", prop.value)


def _number(cells: Cells) -> int:
    """Return the number that cells make, its lowest 64 bits (dt_read_number)."""
    number = 0
    for cell in cells:
        number = number << 32 | cell
    return number & LAST_ADDRESS


@once
def _cells_below(node: Node) -> tuple[int, int]:
    """Return how many cells addresses and sizes of a node's children have."""
    return _count(node, ADDRESS_CELLS, DEFAULT_ADDRESS_CELLS), _count(node, SIZE_CELLS, DEFAULT_SIZE_CELLS)


def _count(node: Node, name: str, default: int) -> int:
    """Return a count from a node, or the nearest ancestor that has the property: its first cell, whatever follows it.

    Xen reads four bytes even where the property is shorter, and so its padding, which is zero.
    """
    for each in (node, *node.ancestors()):
        prop = each.get(name)
        if prop is not None:
            return int.from_bytes(prop.value[:4].ljust(4, b"\0"), "big")
    return default


def _cells_hint(node: Node, cells: tuple[int, int]) -> str:
    parent = node.parent.path if node.parent else "/"
    return f"#address-cells is {cells[0]} and #size-cells is {cells[1]} for the children of {parent}"
