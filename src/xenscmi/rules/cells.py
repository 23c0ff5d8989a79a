"""Whether `reg` is written in the cells that the node above it declares: if not, no address there is what it says."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from xenscmi.bindings.addresses import address_cells, size_cells
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node
from xenscmi.host.passthrough import unit_address

_CELLS = tuple(product((1, 2), (1, 2)))


@dataclass(frozen=True, slots=True)
class Misread:
    """The declared cells of an address and a size, and those in which the nodes below are written instead.

    `example` is one of these nodes.
    """

    declared: tuple[int, int]
    meant: list[tuple[int, int]]
    example: Node


@once
def misread(node: Node) -> Misread | None:
    """Return how the cells of a node are wrong, if all below it, two or more, are written for other ones."""
    children = [each for each in node.children if "reg" in each and unit_address(each) is not None]
    declared = next((address_cells(each), size_cells(each)) for each in children) if children else (0, 0)
    if len(children) < 2 or any(_fits(each, *declared) for each in children):
        return None
    meant = [cells for cells in _CELLS if all(_fits(each, *cells) for each in children)]
    return Misread(declared, meant, children[0]) if meant else None


def is_misread(node: Node) -> bool:
    """Return whether the node above declares other cells than those in which this node's `reg` is written."""
    return node.parent is not None and misread(node.parent) is not None


def _fits(node: Node, address: int, size: int) -> bool:
    """Return whether reg divides into entries of so many cells, and begins with the address in the node's name."""
    reg, width = node.get("reg"), 4 * (address + size)
    if reg is None or not width or not reg.value or len(reg.value) % width:
        return False
    return int.from_bytes(reg.value[: 4 * address], "big") == unit_address(node)
