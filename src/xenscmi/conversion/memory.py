"""The agents' pages: kept from dom0, out of the RAM, and out of reserved memory, which Xen maps to dom0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.bindings.names import RESERVED_MEMORY, XEN_PASSTHROUGH
from xenscmi.bindings.properties import is_for_passthrough
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.conversion.additions import Additions, counts
from xenscmi.conversion.agents import note
from xenscmi.conversion.removals import Removal
from xenscmi.devicetree import Tree
from xenscmi.devicetree.dts import number, rows
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.memory import MEMRESERVE
from xenscmi.host.registers import registers
from xenscmi.host.types import Host, Region


def keep_from_dom0(tree: Tree, additions: Additions, pages: Iterable[int], container: str) -> None:
    """Mark the nodes outside the container that would give pages of others than dom0 to dom0."""
    others = sorted(pages)
    for node in dom0_nodes(tree):
        path = node.path
        if is_for_passthrough(node) or path.startswith((f"{container}/", f"{RESERVED_MEMORY}/")):
            continue
        if any(region.overlaps(at, PAGE_SIZE) for region in registers(node) for at in others):
            additions.at(node).properties[XEN_PASSTHROUGH] = ""


def set_aside(host: Host, tree: Tree, additions: Additions, pages: Iterable[int]) -> Iterator[Removal | Diagnostic]:
    """Take pages out of reserved memory and out of the RAM; yield what has to go, and what a person must know."""
    holes = [Region(path="", start=at, size=PAGE_SIZE, span=tree.root.span) for at in sorted(pages)]
    for region in host.reserved:
        if region.path != MEMRESERVE and any(region.overlaps(each.start, each.size) for each in holes):
            holes.append(region)
            node = tree.node(region.path)
            span = node.span if node else region.span
            yield Removal(region.path, None, "Xen maps reserved memory to dom0, and agents' pages are in it", span)
    # What the block of memory reservations has, Xen uses for nothing.
    kept = [each for each in host.reserved if each.path == MEMRESERVE]
    holes = [each for each in holes if not any(_covers(other, each) for other in kept)]
    for path in dict.fromkeys(each.path for each in host.memory):
        banks = [each for each in host.memory if each.path == path]
        node = tree.node(path)
        if node is None or node.parent is None or not any(b.overlaps(h.start, h.size) for b in banks for h in holes):
            continue
        address, size = counts(node.parent)
        left = _cut(((each.start, each.end) for each in banks), holes)
        additions.with_reg(node, rows((*number(start, address), *number(end - start, size)) for start, end in left))
        message = f"the agents' pages are cut out of {path}: a boot loader that writes the RAM anew puts them back"
        yield note(message, node.span, Severity.WARNING, "see what the boot loader does to the memory node")


def _covers(region: Region, other: Region) -> bool:
    return region.start <= other.start and other.end <= region.end


def _cut(banks: Iterable[tuple[int, int]], holes: Iterable[Region]) -> Iterator[tuple[int, int]]:
    """Yield what is left of ranges (start, end) without the holes."""
    there = sorted(holes, key=lambda each: each.start)
    for start, end in banks:
        at = start
        for hole in there:
            if hole.overlaps(at, end - at):
                if hole.start > at:
                    yield at, hole.start
                at = max(at, hole.end)
        if at < end:
            yield at, end
