"""DTBs, read and written by libfdt.

A blob is checked as a whole (`fdt_check_full`, within the bytes that are really there) before anything in it is used.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xenscmi.devicetree.tree import Builder, DeviceTreeError, Node, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

MAGIC = b"\xd0\x0d\xfe\xed"

MAX_DEPTH = 64
"""How deep nodes may nest: what Linux reads (FDT_MAX_DEPTH, drivers/of/fdt.c). Xen's early boot stops at 16."""

# What dtc's checks node_name_chars and property_name_chars allow.
_NODE_CHARACTERS = frozenset(string.ascii_letters + string.digits + ",._+-@")
_PROPERTY_CHARACTERS = frozenset(string.ascii_letters + string.digits + ",._+*#?-")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlaces:
    """Where a node and its properties were written; nothing for what was not written but made."""

    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    properties: Mapping[str, Span] = field(default_factory=dict)


_NOWHERE = NodePlaces()
_REASONS = {
    "FDT_ERR_BADMAGIC": "it does not start with the magic number 0xd00dfeed",
    "FDT_ERR_BADVERSION": "its version is none that libfdt reads",
    "FDT_ERR_TRUNCATED": "it ends before its header says",
    "FDT_ERR_BADOFFSET": "an offset in it points outside",
    "FDT_ERR_BADSTRUCTURE": "its nodes and properties are damaged",
}


def read_dtb(data: bytes, name: str) -> Tree:
    """Return the tree in a DTB; `name` is the file's, for messages.

    Raises DeviceTreeError for anything that is no sound DTB: truncated, with offsets out of bounds, nested too deep,
    or with names that are doubled or that dtc would refuse.
    """
    return build(data, Source(name, ""), lambda name, depth: _NOWHERE).finish()


def build(data: bytes, source: Source, places: Callable[[str, int], NodePlaces]) -> Builder:
    """Return a builder that has read a whole DTB, which came from `source`.

    `places` is asked for each node by name and depth (the root's is 0), in the order of the tree.
    """
    import libfdt

    blob = bytearray(data)
    error = libfdt.fdt_check_full(blob, len(blob))
    if error:
        help = "make the DTB again from its source with dtc; a copy may have been cut short"
        name = libfdt.strerror(error)
        raise _unsound(source, f"{_REASONS.get(name, 'libfdt refuses it')} ({name})", help)
    strings = libfdt.fdt_off_dt_strings(blob)
    if not blob[strings : strings + libfdt.fdt_size_dt_strings(blob)].isascii():
        raise _unsound(source, "names of properties are not ASCII")  # pylibfdt itself would stumble on them
    place = places("", 0)
    builder = Builder(source, labels=place.labels, spans=place.spans)
    for index in range(libfdt.fdt_num_mem_rsv(blob)):
        _, address, size = libfdt.fdt_get_mem_rsv(blob, index)
        builder.reserve((address, size))
    _add_properties(blob, 0, builder, place)
    offset, depth = libfdt.fdt_next_node(blob, 0, 0)
    open_depth = 0
    while offset >= 0 and depth > 0:
        for _ in range(depth, open_depth + 1):
            builder.end()
        name = libfdt.fdt_get_name(blob, offset)[0]
        _check_name(builder.node, name, _NODE_CHARACTERS, taken=builder.node.child(name) is not None)
        if depth > MAX_DEPTH:
            raise _unsound(source, f"its nodes nest deeper than {MAX_DEPTH} levels")
        place = places(name, depth)
        builder.begin(name, labels=place.labels, spans=place.spans)
        _add_properties(blob, offset, builder, place)
        open_depth = depth
        offset, depth = libfdt.fdt_next_node(blob, offset, depth)
    return builder


def _add_properties(blob: bytearray, offset: int, builder: Builder, place: NodePlaces) -> None:
    """Add the properties of the node at `offset`."""
    import libfdt

    at = libfdt.fdt_first_property_offset(blob, offset)
    while at >= 0:
        name, value, _ = libfdt.fdt_get_property_by_offset(blob, at)
        _check_name(builder.node, name, _PROPERTY_CHARACTERS, taken=name in builder.node)
        builder.add(name, bytes(value), place.properties.get(name))
        at = libfdt.fdt_next_property_offset(blob, at)


def _check_name(node: Node, name: str, allowed: frozenset[str], *, taken: bool) -> None:
    if taken:
        raise _unsound(node.tree.source, f"{node.path} has two parts named {name}")
    if not name or not allowed.issuperset(name):
        raise _unsound(node.tree.source, f"{node.path} has a part whose name dtc would refuse: {name!a}")


def _unsound(source: Source, reason: str, help: str = "") -> DeviceTreeError:
    message = f"this is no sound device tree: {reason}"
    return DeviceTreeError(Diagnostic(message=message, span=Span(source, 0, 0), help=help))


def write_dtb(tree: Tree) -> bytes:
    """Return the tree as a DTB. Raises DeviceTreeError where libfdt refuses it."""
    import libfdt

    blob = bytearray(_size_bound(tree))
    errors = [libfdt.fdt_create(blob, len(blob))]
    errors += [libfdt.fdt_add_reservemap_entry(blob, address, size) for address, size in tree.reservations]
    errors.append(libfdt.fdt_finish_reservemap(blob))
    open_nodes: list[Node] = []
    for node in tree.walk():
        while open_nodes and open_nodes[-1] is not node.parent:
            open_nodes.pop()
            errors.append(libfdt.fdt_end_node(blob))
        open_nodes.append(node)
        errors.append(libfdt.fdt_begin_node(blob, node.name))
        errors += [libfdt.fdt_property_stub(blob, each.name, each.value, len(each.value)) for each in node.properties]
    errors += [libfdt.fdt_end_node(blob) for _ in open_nodes]
    errors.append(libfdt.fdt_finish(blob))
    for error in errors:
        if error:
            raise _unsound(tree.source, libfdt.strerror(error))
    return bytes(blob[: libfdt.fdt_totalsize(blob)])


def _size_bound(tree: Tree) -> int:
    """Return no less than the size of the tree as a DTB: header, reservations, tags, names and values, each padded."""
    size = 64 + 16 * (len(tree.reservations) + 1)
    for node in tree.walk():
        size += 12 + len(node.name)
        size += sum(20 + len(each.name) + len(each.value) for each in node.properties)
    return size
