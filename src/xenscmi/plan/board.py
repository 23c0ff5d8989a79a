"""The board's tree as a plan needs it: devices by name, their registers and interrupts, the RAM, who shares what.

Read once, for all domains; nothing of what `host` reads is used here, so that reading back is a check.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xenscmi.bindings import names
from xenscmi.bindings.addresses import RegEntry, address_count, translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import compatible, is_available, is_compatible, read_string, read_u32
from xenscmi.devicetree import Node, ShapeError, Tree
from xenscmi.plan import terms

PAGE = 4096
_FEW_PAGES = 256


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
        """Return it widened to whole pages."""
        return AddressRange(self.start // PAGE * PAGE, -(-self.end // PAGE) * PAGE)


@dataclass(frozen=True, slots=True)
class Interrupt:
    """An interrupt of the GIC: `number` as Xen counts (SPI + 32, PPI + 16), and its flags."""

    number: int
    flags: int

    @property
    def shared(self) -> bool:
        """Whether it is an SPI, which a guest can be given."""
        return self.number >= terms.FIRST_SPI


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a node has: registers (physical, in order) and interrupts of the GIC.

    `lost` are its interrupts that another controller has: that controller's path.
    """

    node: Node
    regions: tuple[AddressRange, ...]
    interrupts: tuple[Interrupt, ...]
    lost: tuple[str, ...]


class Board:
    """A board's tree; what is asked more than once is worked out on first use."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

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
    def hardware(self) -> dict[Node, Hardware]:
        """What every node has that has registers or interrupts, in the order of the tree."""
        found = {}
        for node in self.tree.walk():
            if "reg" in node or "interrupts" in node or "interrupts-extended" in node:
                found[node] = self._read(node)
        return found

    def _read(self, node: Node) -> Hardware:
        interrupts, lost = [], []
        try:
            for controller, interrupt in _interrupts(node):
                if interrupt is None:
                    lost.append(controller.path)
                else:
                    interrupts.append(interrupt)
        except ShapeError:
            lost.append("a list that cannot be read")
        return Hardware(node, tuple(_registers(node)), tuple(interrupts), tuple(lost))

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
        regions = [region for _, entries in self.memory for region in entries if region.size]
        return sorted(
            (AddressRange(each.address, each.address + each.size) for each in regions), key=lambda each: each.start
        )

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
        return [*nodes, *(("/memreserve/", AddressRange(at, at + size)) for at, size in self.tree.reservations if size)]

    @cached_property
    def _by_page(self) -> tuple[dict[int, list[Node]], list[tuple[AddressRange, Node]]]:
        few: dict[int, list[Node]] = {}
        large = []
        for node, hardware in self.hardware.items():
            if read_string(node, "device_type") == "memory" or node.path.startswith("/reserved-memory/"):
                continue
            for region in hardware.regions:
                pages = region.pages()
                if pages.size > _FEW_PAGES * PAGE:
                    large.append((pages, node))
                    continue
                for page in range(pages.start, pages.end, PAGE):
                    if node not in (there := few.setdefault(page, [])):
                        there.append(node)
        return few, large

    def in_pages(self, region: AddressRange) -> Iterator[Node]:
        """Yield the nodes that have registers in the pages of a region."""
        few, large = self._by_page
        pages = region.pages()
        if pages.size <= _FEW_PAGES * PAGE:
            for page in range(pages.start, pages.end, PAGE):
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
        """Return whether an IOMMU that Xen drives stands before a node."""
        found = self.iommus(node)
        return bool(found) and all(not names.XEN_IOMMUS.isdisjoint(compatible(each)) for each in found)


def is_gic(node: Node) -> bool:
    """Return whether a node is an interrupt controller that Xen takes for its own."""
    return not terms.GIC_COMPATIBLES.isdisjoint(compatible(node))


def interrupt_parent(node: Node) -> Node | None:
    """Return the controller of a node's `interrupts`."""
    for each in (node, *node.ancestors()):
        prop = each.get("interrupt-parent")
        if prop is not None:
            return each.tree.by_phandle(prop.u32()) if len(prop.value) == 4 else None
        if each is not node and "#interrupt-cells" in each:
            return each
    return None


def _interrupts(node: Node) -> Iterator[tuple[Node, Interrupt | None]]:
    """Yield the controller of each interrupt, and the interrupt where that is the GIC. Raises ShapeError."""
    extended = node.get("interrupts-extended")
    if extended is not None:  # it wins over `interrupts`
        for each in extended.references("#interrupt-cells"):
            yield each.target, _of_gic(each.arguments) if is_gic(each.target) else None
        return
    prop = node.get("interrupts")
    if prop is None:
        return
    controller = interrupt_parent(node)
    if controller is None or (width := read_u32(controller, "#interrupt-cells")) is None or not 0 < width < 16:
        raise prop.error("has no interrupt controller")
    for row in prop.rows(*([1] * width), hint=f"#interrupt-cells of {controller.path} is {width}"):
        yield controller, _of_gic(row) if is_gic(controller) else None


def _of_gic(cells: tuple[int, ...]) -> Interrupt | None:
    """Return an interrupt from the cells that the GIC's binding gives it: kind (0 SPI, 1 PPI), number, flags."""
    if len(cells) < 3 or cells[0] not in (0, 1):
        return None
    return Interrupt(cells[1] + (terms.FIRST_SPI if cells[0] == 0 else terms.FIRST_PPI), cells[2])


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
