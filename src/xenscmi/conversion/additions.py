"""What is to be added to a tree: properties of its nodes and new nodes, written as one overlay."""

from __future__ import annotations

import re

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS, address_cells, size_cells
from xenscmi.bindings.names import SCMI_SHMEM
from xenscmi.bindings.properties import read_u32
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Node, Tree
from xenscmi.devicetree.dts import DtsNode, cells, fragment, number, overlay, strings
from xenscmi.diagnostics import Diagnostic, XenscmiError

_CONTENT = "__overlay__"
_MOST_CELLS = 4  # that Xen reads (OF_MAX_ADDR_CELLS)
_COUNTS = (ADDRESS_CELLS, SIZE_CELLS)


class Additions:
    """An overlay in the making: what it adds to nodes of a tree, by their paths."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._contents: dict[str, DtsNode] = {}
        self._buses: dict[str, tuple[int, int]] = {}
        symbols = tree.node("/__symbols__")
        self._labels = (
            {each.value.rstrip(b"\0").decode("ascii", "replace"): each.name for each in symbols.properties}
            if symbols
            else {}
        )
        self._taken = set(self._labels.values())

    def __bool__(self) -> bool:
        return bool(self._filled())

    def at(self, node: Node) -> DtsNode:
        """Return what the overlay adds to a node of the tree, to be filled."""
        return self._contents.setdefault(node.path, DtsNode(_CONTENT))

    def bus(self, node: Node) -> DtsNode:
        """Return the same for a node that gets children with addresses."""
        content = self.at(node)
        address, size = self._buses[node.path] = counts(node)
        content.properties |= {ADDRESS_CELLS: cells(address), SIZE_CELLS: cells(size)}
        return content

    def with_reg(self, node: Node, reg: str) -> None:
        """Give a node of the tree other addresses; dtc wants to see them below their bus."""
        assert node.parent is not None, "the root has no addresses"
        self.bus(node.parent).add(node.name).properties["reg"] = reg

    def label(self, wanted: str) -> str:
        """Return a label that no other node has."""
        label = re.sub(r"\W", "_", wanted)
        while label in self._taken:
            label += "_"
        self._taken.add(label)
        return label

    def reference(self, node: Node) -> str:
        """Return a reference to a node of the tree: by its label where the tree has it as a symbol, else by phandle.

        A node that has neither gets a label, and so a phandle, from the overlay.
        """
        if node.path in self._labels:
            return f"&{self._labels[node.path]}"
        phandle = read_u32(node, "phandle") or read_u32(node, "linux,phandle")
        if phandle:
            return f"{phandle:#x}"
        content = self.at(node)
        content.label = content.label or self.label(node.base_name)
        return f"&{content.label}"

    def symbol(self, node: Node) -> str | None:
        """Return the label by which overlays refer to a node; None where there is none."""
        return self._labels.get(node.path)

    def text(self, head: str) -> str:
        """Return the overlay's source, `head` as a comment above it."""
        contents = self._filled()
        # The root of an overlay counts for nothing but dtc's warnings: it gets the counts of a bus.
        address, size = next((each for path, each in self._buses.items() if path != "/"), (2, 2))
        return overlay(head, [_fragment(path, content) for path, content in contents.items()], address, size)

    def _filled(self) -> dict[str, DtsNode]:
        """Return the contents that have anything in them."""
        return {path: each for path, each in self._contents.items() if each.properties or each.children or each.label}


def _fragment(path: str, content: DtsNode) -> DtsNode:
    """Return the fragment for the node at a path; dtc compares the counts of `ranges` with those above it."""
    made = fragment(path, content)
    if "ranges" in content.properties:
        made.properties |= {name: content.properties[name] for name in (*_COUNTS, "ranges")}
    return made


def counts(node: Node) -> tuple[int, int]:
    """Return how many cells addresses and sizes have below a node: its own counts, or those of an ancestor.

    Raises XenscmiError for counts with which nothing can stand there.
    """
    address, size = read_u32(node, ADDRESS_CELLS), read_u32(node, SIZE_CELLS)
    address = address_cells(node) if address is None else address
    size = size_cells(node) if size is None else size
    if not (0 < address <= _MOST_CELLS and 0 < size <= _MOST_CELLS):
        message = f"nothing can have an address below {node.path}: addresses have {address} cells there, sizes {size}"
        raise XenscmiError(Diagnostic(message=message, span=node.span, help="correct #address-cells and #size-cells"))
    return address, size


def page_properties(address: int, bus: tuple[int, int]) -> dict[str, str]:
    """Return the properties of a page of shared memory on a bus with these counts.

    Raises XenscmiError if the address, in bytes, does not fit.
    """
    columns, size = bus
    if address >> 32 * columns:
        message = f"the page {address:#x} has no place where addresses have {columns} cells"
        raise XenscmiError(Diagnostic(message=message, help="write #address-cells = <2>; #size-cells = <2>; there"))
    return {
        "compatible": strings(SCMI_SHMEM),
        "reg": cells(*number(address, columns), *number(PAGE_SIZE, size)),
    }
