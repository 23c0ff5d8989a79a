"""Registers of devices: where they are in physical memory, and which devices have a given address."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from xenscmi.bindings.addresses import physical_ranges, translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import device_type
from xenscmi.config.constants import PAGE_MASK
from xenscmi.devicetree.tree import Node
from xenscmi.host.types import Region


def registers(node: Node) -> Iterator[Region]:
    """Yield a node's addresses in physical memory, up to the first that Xen cannot translate."""
    index = 0
    try:
        while True:
            found = translate(node, index)
            yield Region(path=node.path, start=found.address, size=found.size, span=found.span)
            index += 1
    except BindingError:
        return


def bus_windows(node: Node) -> Iterator[Region]:
    """Yield the windows of a PCI host bridge, which Xen gives to the owner of the bridge."""
    if (device_type(node) or "").lower() != "pci":
        return
    try:
        for entry in physical_ranges(node):
            if entry.address is not None:
                yield Region(path=node.path, start=entry.address, size=entry.size, span=node.span)
    except BindingError:
        return


def pages_of(start: int, size: int) -> tuple[int, int]:
    """Return the addresses of the first page of a range, and of the first page after it."""
    return start & ~PAGE_MASK, (start + size + PAGE_MASK) & ~PAGE_MASK


@dataclass(frozen=True, slots=True)
class RegisterUse:
    """A region of physical memory, and the node whose registers it holds."""

    node: Node
    region: Region


class RegisterMap:
    """The registers of many nodes, to be looked up by address."""

    def __init__(self, uses: Iterable[RegisterUse]) -> None:
        self._uses = sorted((use for use in uses if use.region.size), key=lambda use: use.region.start)
        self._starts = [use.region.start for use in self._uses]
        # The furthest end so far: looking back from an address, nothing before a lower one can reach it.
        self._reach = list(accumulate((use.region.end for use in self._uses), max))

    def within(self, start: int, end: int) -> Iterator[RegisterUse]:
        """Yield what overlaps the addresses from `start` up to, but without, `end`; the last one first."""
        for at in range(bisect_left(self._starts, end) - 1, -1, -1):
            if self._reach[at] <= start:
                return
            if self._uses[at].region.end > start:
                yield self._uses[at]
