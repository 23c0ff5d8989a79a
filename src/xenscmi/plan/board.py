"""The board's tree as a plan needs it: devices by name, their registers and interrupts, the RAM, who shares what.

It uses no code of `host`, so that reading the rendered files with `host` is an independent check.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xenscmi.bindings import names
from xenscmi.bindings.addresses import RegEntry, address_count, translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import FIRST_SPI, INTERRUPTS, INTERRUPTS_EXTENDED, interrupt_entries
from xenscmi.bindings.properties import compatible, is_available, is_compatible, read_string
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Node, ShapeError, Tree

MEMRESERVE = "/memreserve/"
_FEW_PAGES = 256
_4_GIB = 1 << 32


@dataclass(frozen=True, slots=True)
class AddressRange:
    """A stretch of addresses, `start` to `end` (exclusive)."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    def overlaps(self, other: AddressRange) -> bool:
        """Return whether they have an address in common."""
        return self.start < other.end and other.start < self.end

    def pages(self) -> AddressRange:
        """Return the range extended to whole pages."""
        return AddressRange(self.start // PAGE_SIZE * PAGE_SIZE, -(-self.end // PAGE_SIZE) * PAGE_SIZE)


@dataclass(frozen=True, slots=True)
class Interrupt:
    """An interrupt of the GIC: `number` as Xen counts (SPI + 32, PPI + 16), and its flags."""

    number: int
    flags: int

    @property
    def shared(self) -> bool:
        """Whether it is an SPI, which a guest can be given."""
        return self.number >= FIRST_SPI


@dataclass(frozen=True, slots=True)
class DeviceResources:
    """What a node has: registers (physical, in order) and interrupts of the GIC.

    `lost` are its interrupts that another controller has: that controller's path.
    """

    node: Node
    regions: tuple[AddressRange, ...]
    interrupts: tuple[Interrupt, ...]
    lost: tuple[str, ...]


class Board:
    """A board's tree; what is asked more than once is worked out on first use.

    `ram` is the RAM, as (address, bytes), where the tree leaves it to the boot loader.
    """

    def __init__(self, tree: Tree, ram: Sequence[tuple[int, int]] = ()) -> None:
        self.tree = tree
        self._ram = ram

    def find(self, name: str) -> Node | None:
        """Return the node of a path, an alias or a label."""
        return self.tree.resolve(name) or self.tree.by_label(name)

    @cached_property
    def _labels(self) -> dict[str, str]:
        symbols = self.tree.node("/__symbols__")
        found: dict[str, str] = {}
        for each in symbols.properties if symbols else ():
            assert symbols is not None
            if (path := read_string(symbols, each.name)) is not None:
                found.setdefault(path, each.name)
        return found

    def label(self, node: Node) -> str:
        """Return a label of a node, which overlays can use; empty where it has none."""
        return self._labels.get(node.path, "")

    @cached_property
    def hardware(self) -> dict[Node, DeviceResources]:
        """What every node has that has registers or interrupts, in the order of the tree."""
        found = {}
        for node in self.tree.walk():
            if "reg" in node or "interrupts" in node or "interrupts-extended" in node:
                found[node] = self._read(node)
        return found

    def _read(self, node: Node) -> DeviceResources:
        interrupts, lost = [], []
        for entry in interrupt_entries(node):
            if entry.number is None:
                lost.append(entry.controller.path)
            else:
                interrupts.append(Interrupt(entry.number, entry.specifier[2]))
        if not interrupts and not lost and (INTERRUPTS in node or INTERRUPTS_EXTENDED in node):
            lost.append("one that cannot be found")
        return DeviceResources(node, tuple(_registers(node)), tuple(interrupts), tuple(lost))

    @cached_property
    def memory(self) -> list[tuple[Node, tuple[RegEntry, ...]]]:
        """The memory nodes and the entries of their `reg`."""
        return [
            (node, written_reg(node))
            for node in self.tree.walk()
            if read_string(node, "device_type") == "memory" and not node.path.startswith("/reserved-memory/")
        ]

    @cached_property
    def ram(self) -> list[AddressRange]:
        """The stretches of RAM, rising."""
        read = [(region.address, region.size) for _, entries in self.memory for region in entries if region.size]
        return [AddressRange(at, at + size) for at, size in sorted(self._ram or read)]

    def banks(self) -> list[AddressRange]:
        """Return the RAM, what lies below 4 GiB first: what every boot loader reaches."""
        low = [AddressRange(bank.start, min(bank.end, _4_GIB)) for bank in self.ram if bank.start < _4_GIB]
        return low + [AddressRange(max(bank.start, _4_GIB), bank.end) for bank in self.ram if bank.end > _4_GIB]

    @cached_property
    def reserved(self) -> list[tuple[str, AddressRange]]:
        """What is reserved of it: by name, children of /reserved-memory and /memreserve/ entries."""
        parent = self.tree.node("/reserved-memory")
        nodes = [
            (node.path, AddressRange(each.address, each.address + each.size))
            for node in (parent.children if parent else ())
            for each in written_reg(node)
            if each.size
        ]
        return [*nodes, *((MEMRESERVE, AddressRange(at, at + size)) for at, size in self.tree.reservations if size)]

    @cached_property
    def _by_page(self) -> tuple[dict[int, list[Node]], list[tuple[AddressRange, Node]]]:
        few: dict[int, list[Node]] = {}
        large = []
        for node, hardware in self.hardware.items():
            if read_string(node, "device_type") == "memory" or node.path.startswith("/reserved-memory/"):
                continue
            for region in hardware.regions:
                pages = region.pages()
                if pages.size > _FEW_PAGES * PAGE_SIZE:
                    large.append((pages, node))
                    continue
                for page in range(pages.start, pages.end, PAGE_SIZE):
                    if node not in (there := few.setdefault(page, [])):
                        there.append(node)
        return few, large

    def in_pages(self, region: AddressRange) -> Iterator[Node]:
        """Yield the nodes that have registers in the pages of a region."""
        few, large = self._by_page
        pages = region.pages()
        if pages.size <= _FEW_PAGES * PAGE_SIZE:
            for page in range(pages.start, pages.end, PAGE_SIZE):
                yield from few.get(page, ())
        else:
            starts = sorted(few)
            for at in range(bisect_right(starts, pages.start - 1), bisect_right(starts, pages.end - 1)):
                yield from few[starts[at]]
        yield from (node for other, node in large if other.overlaps(pages))

    @cached_property
    def on_line(self) -> dict[int, list[Node]]:
        """The nodes that have each interrupt."""
        found: dict[int, list[Node]] = {}
        for node, hardware in self.hardware.items():
            for interrupt in hardware.interrupts:
                there = found.setdefault(interrupt.number, [])
                if node not in there:
                    there.append(node)
        return found

    @cached_property
    def has_iommu(self) -> bool:
        """Whether there is an IOMMU that is not disabled."""
        return any(
            (names.IOMMU_CELLS in node or is_compatible(node, *names.XEN_IOMMUS)) and is_available(node)
            for node in self.tree.walk()
        )

    def iommus(self, node: Node) -> list[Node]:
        """Return the IOMMUs that `iommus` of a node names."""
        prop = node.get("iommus")
        try:
            return [each.target for each in prop.references("#iommu-cells")] if prop else []
        except ShapeError:
            return []

    def protected(self, node: Node) -> bool:
        """Return whether an IOMMU that Xen drives protects a node."""
        found = self.iommus(node)
        return bool(found) and all(not names.XEN_IOMMUS.isdisjoint(compatible(each)) for each in found)


def is_gic(node: Node) -> bool:
    """Return whether a node is an interrupt controller that Xen takes for its own."""
    return is_compatible(node, *names.GICS)


def _registers(node: Node) -> Iterator[AddressRange]:
    """Yield a node's registers as far as they translate to the CPU's addresses."""
    if "reg" not in node:
        return
    for index in range(address_count(node)):
        try:
            found = translate(node, index)
        except BindingError:
            return
        if found.size:
            yield AddressRange(found.address, found.address + found.size)
