"""How much memory dom0 has, and where Xen puts it: it decides what becomes of a page of SCMI in plain RAM.

After xen/arch/arm/domain_build.c (allocate_memory_11) and xen/common/page_alloc.c. dom0's memory lies where it does in
the machine, in blocks of a power of two. Xen's allocator takes the upper half of the block that it splits. Which block
that is depends on what boot loader and Xen have in memory, of which a device tree tells only a part: what is lowest is
taken to be theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.bindings.addresses import written_reg
from xenscmi.bindings.names import (
    CHOSEN,
    MULTIBOOT_KERNEL,
    MULTIBOOT_MODULE,
    RESERVED_MEMORY,
    XEN_DOMAIN,
)
from xenscmi.bindings.properties import device_type, is_compatible
from xenscmi.devicetree import Node, Tree
from xenscmi.host.command_line import command_line

_LOWMEM = 1 << 31

DOM0_MEM_DEFAULT = 512 << 10
"""KiB that Xen on Arm gives dom0 where its command line does not say."""
_DOM0_MEM = re.compile(r"dom0_mem=(\d+)([BKMGT]?)\b", re.IGNORECASE)
_UNITS = {"b": 1, "": 1 << 10, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

Stretch = tuple[int, int]
"""The address of a stretch of memory, and the first address behind it."""


def dom0_mem(tree: Tree) -> int:
    """Return what `dom0_mem` of Xen's command line says, in KiB; 512 MiB where it says nothing."""
    stated = _DOM0_MEM.search(command_line(tree))
    return int(stated[1][:20]) * _UNITS[stated[2].lower()] >> 10 if stated else DOM0_MEM_DEFAULT


def kernel_of_dom0(tree: Tree) -> Stretch | None:
    """Return where dom0's kernel is copied to once dom0 is built; None where that cannot be told."""
    size = 1 << max(dom0_mem(tree) * 1024 - 1, 0).bit_length()
    module = next((node for node in _modules(tree) if is_compatible(node, MULTIBOOT_KERNEL)), None)
    if module is None or not written_reg(module):
        return None
    taken = [*_stretches(_modules(tree)), *_stretches(_children(tree, RESERVED_MEMORY)), *_reservations(tree)]
    free = [base for base in _blocks(tree, size) if not any(start < base + size and base < end for start, end in taken)]
    if len(free) < 2:
        return None
    base, pair = free[1], free[1] ^ size
    base = max(base, pair) if pair in free else base
    return base, base + written_reg(module)[0].size


def _blocks(tree: Tree, size: int) -> Iterator[int]:
    """Yield the aligned blocks of RAM below 2 GiB, from the lowest."""
    for start, end in _stretches(node for node in tree.root.children if (device_type(node) or "").lower() == "memory"):
        first = -(-start // size) * size
        yield from range(first, min(end, _LOWMEM) - size + 1, size)


def _modules(tree: Tree) -> Iterator[Node]:
    """Yield the boot modules, those of dom0 first."""
    chosen = tree.node(CHOSEN)
    nodes = [node for node in (chosen.walk() if chosen is not None else ()) if is_compatible(node, MULTIBOOT_MODULE)]
    yield from sorted(nodes, key=lambda node: node.parent is not None and is_compatible(node.parent, XEN_DOMAIN))


def _children(tree: Tree, path: str) -> Iterator[Node]:
    node = tree.node(path)
    yield from node.children if node is not None else ()


def _stretches(nodes: Iterator[Node]) -> Iterator[Stretch]:
    for node in nodes:
        for entry in written_reg(node):
            yield entry.address, entry.address + entry.size


def _reservations(tree: Tree) -> Iterator[Stretch]:
    for address, size in tree.reservations:
        yield address, address + size
