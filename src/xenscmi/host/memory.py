"""Where RAM is, and what of it is reserved, as Xen reads it early in boot (xen/common/device-tree/bootinfo-fdt.c)."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.addresses import written_reg
from xenscmi.bindings.names import RESERVED_MEMORY
from xenscmi.bindings.properties import device_type
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.host.types import Region
from xenscmi.source import Span

MEMRESERVE = "/memreserve/"
"""What stands for a path of regions in the memory reservation block."""


def read_memory(tree: Tree) -> tuple[Region, ...]:
    """Return the memory that nodes of `device_type = "memory"` outside /reserved-memory declare."""
    return tuple(
        region
        for node in tree.walk()
        if device_type(node) == "memory" and not node.path.startswith(f"{RESERVED_MEMORY}/")
        for region in _regions(node)
    )


def read_reserved(tree: Tree) -> tuple[Region, ...]:
    """Return what the children of /reserved-memory and the memory reservation block (`/memreserve/`) reserve."""
    parent = tree.node(RESERVED_MEMORY)
    nodes = [region for node in (parent.children if parent else ()) for region in _regions(node)]
    whole = Span(tree.source, 0, 0)
    block = [Region(path=MEMRESERVE, start=at, size=size, span=whole) for at, size in tree.reservations]
    return (*nodes, *block)


def _regions(node: Node) -> Iterator[Region]:
    """Yield the entries of a node's `reg` as written: this early, Xen translates nothing."""
    for entry in written_reg(node):
        yield Region(path=node.path, start=entry.address, size=entry.size, span=entry.span)
