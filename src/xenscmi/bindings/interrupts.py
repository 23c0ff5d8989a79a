"""Interrupts of a device, as Xen finds them (dt_number_of_irq, dt_device_get_raw_irq, gic_irq_xlate)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EINVAL

from xenscmi.bindings.addresses import ADDRESS_CELLS, DEFAULT_ADDRESS_CELLS
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import GICS
from xenscmi.bindings.phandles import phandle_entries
from xenscmi.bindings.properties import is_compatible, read_u32
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Property, Tree
from xenscmi.source import Span

INTERRUPTS, INTERRUPTS_EXTENDED = "interrupts", "interrupts-extended"
INTERRUPT_PARENT, INTERRUPT_CELLS = "interrupt-parent", "#interrupt-cells"
FIRST_SPI = 32
"""The GIC's number of shared peripheral interrupt 0: `irqs` of an xl.cfg counts from here, a device tree from 0."""
SPI_LIMIT = 988
"""SPIs that a GIC can have (without the extended range of GICv3.1): numbers 32 to 1019."""
_QEMU_VIRT, _QEMU_VIRT_SPIS = "linux,dummy-virt", 256
_SPI, _FIRST_PPI = 0, 16
_MAX_DEPTH = 64

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptEntry:
    """An interrupt of a device: its controller, and the cells by which the controller knows it.

    The entry is `length` bytes from `offset` of `prop`.
    """

    controller: Node
    specifier: Cells
    prop: Property
    offset: int
    length: int

    @property
    def span(self) -> Span:
        """Where the entry was written."""
        return self.prop.place(self.offset, self.length)

    @property
    def number(self) -> int | None:
        """The GIC's number: an SPI plus 32, anything else plus 16; None at other controllers."""
        return gic_number(self.specifier) if is_compatible(self.controller, *GICS) else None


@once
def interrupt_entries(node: Node) -> tuple[InterruptEntry, ...]:
    """Return a node's interrupts: of `interrupts-extended` if Xen can read it all, or else of `interrupts`.

    An entry that leads through an `interrupt-map` has the specifier of the controller behind it.
    """
    return tuple(_interrupt_entries(node))


def _interrupt_entries(node: Node) -> Iterator[InterruptEntry]:
    extended = node.get(INTERRUPTS_EXTENDED)
    if extended is not None:
        try:
            entries = list(phandle_entries(node, INTERRUPTS_EXTENDED, INTERRUPT_CELLS))
        except BindingError:
            pass
        else:
            for entry in entries:
                yield from _routed(node, extended, entry.offset, entry.target, entry.arguments, 4)
            return
    prop, parent = node.get(INTERRUPTS), interrupt_parent(node)
    count = read_u32(parent, INTERRUPT_CELLS) if parent is not None else None
    if prop is None or parent is None or not count:
        return
    cells = _cells(prop)
    for at in range(0, len(cells) - count + 1, count):
        yield from _routed(node, prop, 4 * at, parent, cells[at : at + count], 0)


def interrupt_count(node: Node) -> int:
    """Return how many interrupts Xen takes a node to have (dt_number_of_irq): none that it could not count."""
    if INTERRUPTS_EXTENDED in node:
        try:
            return sum(1 for _ in phandle_entries(node, INTERRUPTS_EXTENDED, INTERRUPT_CELLS))
        except BindingError:
            pass
    prop, parent = node.get(INTERRUPTS), interrupt_parent(node)
    size = read_u32(parent, INTERRUPT_CELLS) if parent is not None else None
    return len(prop.value) // 4 // size if prop is not None and size else 0


def uses_ppis(node: Node) -> bool:
    """Return whether an interrupt of a node is private to each CPU: Xen cannot give such a node to dom0."""
    return any(entry.number is not None and _FIRST_PPI <= entry.number < FIRST_SPI for entry in interrupt_entries(node))


def mapped_interrupts(bridge: Node) -> Iterator[InterruptEntry]:
    """Yield what a PCI bridge's `interrupt-map` leads to at the GIC (dt_for_each_irq_map).

    Raises BindingError where Xen cannot read the map.
    """
    nexus: Node | None = bridge if INTERRUPT_CELLS in bridge else interrupt_parent(bridge)
    table = bridge.get("interrupt-map")
    size = read_u32(nexus, INTERRUPT_CELLS) if nexus is not None else None
    if nexus is None or size is None:
        raise BindingError("no interrupt parent above it", span=bridge.span, errno=EINVAL)
    if table is None:
        return
    cells, own, at = _cells(table), _address_cells(nexus), 0
    while len(cells) - at > own + size + 1:
        at += own + size
        target = bridge.tree.by_phandle(cells[at])
        count = read_u32(target, INTERRUPT_CELLS) if target is not None else None
        if target is None or count is None:
            raise BindingError("leads to no interrupt controller", span=table.place(4 * at, 4), errno=EINVAL)
        at += 1 + (read_u32(target, ADDRESS_CELLS) or 0)
        if at + count > len(cells):
            raise BindingError("ends within an entry", span=table.span, errno=EINVAL)
        if is_compatible(target, *GICS):
            specifier = cells[at : at + count]
            yield InterruptEntry(controller=target, specifier=specifier, prop=table, offset=4 * at, length=4 * count)
        at += count


def interrupt_parent(node: Node) -> Node | None:
    """Return the nearest node up the interrupt tree that has `#interrupt-cells` (dt_irq_find_parent)."""
    found: Node | None = node
    for _ in range(_MAX_DEPTH):
        if found is None:
            return None
        phandle = read_u32(found, INTERRUPT_PARENT)
        found = found.parent if phandle is None else found.tree.by_phandle(phandle)
        if found is not None and INTERRUPT_CELLS in found:
            return found
    return None


def gic_number(specifier: Cells) -> int | None:
    """Return the number that a GIC's specifier means; None where it has less than three cells (gic_irq_xlate)."""
    if len(specifier) < 3:
        return None
    return specifier[1] + (FIRST_SPI if specifier[0] == _SPI else _FIRST_PPI)


def spi_count(tree: Tree) -> int:
    """Return how many SPIs the host's GIC has at most: no device tree says it, but QEMU's board has 256."""
    return _QEMU_VIRT_SPIS if is_compatible(tree.root, _QEMU_VIRT) else SPI_LIMIT


def _routed(
    node: Node, prop: Property, offset: int, parent: Node, specifier: Cells, before: int
) -> Iterator[InterruptEntry]:
    """Yield an entry by the controller at which it arrives (dt_irq_map_raw); nothing where it arrives nowhere."""
    length = before + 4 * len(specifier)
    reg = node.get("reg")
    address: Cells = _cells(reg) if reg is not None else ()
    current: Node | None = parent
    for _ in range(_MAX_DEPTH):
        if current is None:
            return
        if "interrupt-controller" in current:
            yield InterruptEntry(controller=current, specifier=specifier, prop=prop, offset=offset, length=length)
            return
        table = current.get("interrupt-map")
        if table is None:
            current = interrupt_parent(current)
            continue
        found = _mapped(current, table, address, specifier)
        if found is None:
            return
        current, address, specifier = found


def _mapped(nexus: Node, table: Property, address: Cells, specifier: Cells) -> tuple[Node, Cells, Cells] | None:
    """Return where a nexus sends an interrupt: the new parent, and the address and specifier that it takes."""
    own = _address_cells(nexus)
    wanted, mask_prop = (*address[:own], *specifier), nexus.get("interrupt-map-mask")
    mask = _cells(mask_prop) if mask_prop is not None else (0xFFFF_FFFF,) * len(wanted)
    if len(address) < own or len(mask) < len(wanted):
        return None
    cells, at = _cells(table), 0
    while at + len(wanted) < len(cells):
        row, at = cells[at : at + len(wanted)], at + len(wanted)
        target = nexus.tree.by_phandle(cells[at])
        size = read_u32(target, INTERRUPT_CELLS) if target is not None else None
        if target is None or size is None:
            return None
        addresses = read_u32(target, ADDRESS_CELLS) or 0
        end = at + 1 + addresses + size
        if end > len(cells):
            return None
        if all((mine ^ theirs) & bits == 0 for mine, theirs, bits in zip(wanted, row, mask, strict=False)):
            return target, cells[at + 1 : end - size], cells[end - size : end]
        at = end
    return None


def _address_cells(nexus: Node) -> int:
    """Return how many cells of address an entry of the nexus's map has: its own count, or the nearest ancestor's."""
    for each in (nexus, *nexus.ancestors()):
        found = read_u32(each, ADDRESS_CELLS)
        if found is not None:
            return found
    return DEFAULT_ADDRESS_CELLS


def _cells(prop: Property) -> Cells:
    count = len(prop.value) // 4
    return struct.unpack_from(f">{count}I", prop.value)
