"""DTBs, read by libfdt.

A blob is checked as a whole (`fdt_check_full`, within the bytes that are really there) before anything in it is used.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

from xenscmi.devicetree.tree import Builder, DeviceTreeError, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

MAGIC = b"\xd0\x0d\xfe\xed"
_PROPERTY_CHARACTERS = frozenset(string.ascii_letters + string.digits + ",._+*#?-")  # as dtc has them
_NODE_CHARACTERS = _PROPERTY_CHARACTERS | {"@"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlaces:
    """Where a node and its properties were written; empty for what was not written but made."""

    name: str
    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    properties: dict[str, Span]


def read_dtb(data: bytes, name: str) -> Tree:
    """Return the tree in a DTB; `name` is the file's, for messages.

    Raises DeviceTreeError for anything that is no sound DTB: truncated, with offsets out of bounds, with names that
    are doubled or that dtc would refuse.
    """
    source = Source(name, "")
    return build(data, source, repeat(NodePlaces(name="", properties={})))


def build(data: bytes, source: Source, places: Iterator[NodePlaces]) -> Tree:
    """Return the tree in a DTB that came from `source`; `places` are those of its nodes, in the order of the tree."""
    import libfdt

    blob = bytearray(data)
    error = libfdt.fdt_check_full(blob, len(blob))
    if error:
        raise _damaged(source, libfdt.strerror(error))
    place = next(places)
    builder = Builder(source, labels=place.labels, spans=place.spans)
    offset, depth, parent_depth = 0, 0, -1
    while True:
        node = builder.open_node
        at = libfdt.fdt_first_property_offset(blob, offset)
        while at >= 0:
            name, value, _ = libfdt.fdt_get_property_by_offset(blob, at)
            if name in node or not name or not _PROPERTY_CHARACTERS.issuperset(name):
                raise _damaged(source, f"{node.path}: property name {name!r} is doubled or no name")
            builder.add(name, bytes(value), place.properties.get(name))
            at = libfdt.fdt_next_property_offset(blob, at)
        parent_depth = depth
        offset, depth = libfdt.fdt_next_node(blob, offset, depth)
        if offset < 0 or depth <= 0:
            break
        for _ in range(depth, parent_depth + 1):
            builder.end()
        node = builder.open_node
        name = libfdt.fdt_get_name(blob, offset)[0]
        if node.child(name) or not name or not _NODE_CHARACTERS.issuperset(name):
            raise _damaged(source, f"{node.path}: node name {name!r} is doubled or no name")
        place = next(places)
        builder.begin(name, labels=place.labels, spans=place.spans)
    reservations = (libfdt.fdt_get_mem_rsv(blob, index) for index in range(libfdt.fdt_num_mem_rsv(blob)))
    return builder.finish(reservations=[(address, size) for _, address, size in reservations])


def _damaged(source: Source, reason: str) -> DeviceTreeError:
    return DeviceTreeError(
        Diagnostic(
            message=f"{source.name} is no sound DTB: {reason}",
            span=Span(source, 0, 0),
            help="make it again from its source with dtc; a copy may have been cut short",
        )
    )
