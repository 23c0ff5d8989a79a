"""Where RAM is and which of it is reserved, as Xen reads it early in boot (xen/common/device-tree/bootinfo-fdt.c)."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.devicetree.address import reg
from xenscmi.devicetree.tree import Node, ShapeError, Tree
from xenscmi.host.properties import string
from xenscmi.host.types import Region
from xenscmi.source import Span


def read_memory(tree: Tree) -> tuple[Region, ...]:
    """Return the memory that nodes of `device_type = "memory"` outside of /reserved-memory declare."""
    return tuple(
        region
        for node in tree.walk()
        if (kind := string(node, "device_type")) and kind.value == "memory"
        if not node.path.startswith("/reserved-memory/")
        for region in _regions(node)
    )


def read_reserved(tree: Tree) -> tuple[Region, ...]:
    """Return what the children of /reserved-memory and the memory reservation block (`/memreserve/`) reserve."""
    parent = tree.node("/reserved-memory")
    nodes = [region for node in (parent.children if parent else ()) for region in _regions(node)]
    whole = Span(tree.source, 0, 0)
    block = [Region(path="/memreserve/", start=at, size=size, span=whole) for at, size in tree.reservations]
    return (*nodes, *block)


def _regions(node: Node) -> Iterator[Region]:
    """Yield the entries of a node's `reg` as written: this early, Xen translates nothing."""
    try:
        found = reg(node)
    except ShapeError:
        return
    yield from (Region(path=node.path, start=each.address, size=each.size, span=each.span) for each in found)
