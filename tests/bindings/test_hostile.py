"""Trees that nobody meant: whatever a node says, reading it ends well or in a BindingError."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.bindings.addresses import LAST_ADDRESS, address_count, physical_ranges, translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import interrupt_entries
from xenscmi.bindings.phandles import phandle_entries
from xenscmi.bindings.properties import compatible, device_type, find_by_path, is_available, read_string, read_u32
from xenscmi.devicetree import Builder, Node, Tree
from xenscmi.source import Source

CELL = st.sampled_from([0, 1, 2, 3, 4, 5, 0x1000, 0x0200_0000, 0x8000_0000, 0xFFFF_FFFF])
CELLS = st.lists(CELL, max_size=14).map(lambda cells: struct.pack(f">{len(cells)}I", *cells))
VALUE = st.builds(bytes.__add__, CELLS, st.sampled_from([b"", b"\0", b"\1\2\3"])) | st.binary(max_size=9)
STRING = st.sampled_from([b"pci\0", b"PCI\0", b"ht", b"", b"okay", b"xen,sci\0\0", b"\xff\0"])
PROPERTIES = {
    **dict.fromkeys(("#address-cells", "#size-cells", "#c", "#interrupt-cells", "phandle", "interrupt-parent"), VALUE),
    **dict.fromkeys(("reg", "ranges", "assigned-addresses", "list", "interrupts", "interrupt-map"), VALUE),
    **dict.fromkeys(("interrupts-extended", "interrupt-map-mask", "interrupt-controller"), VALUE),
    **dict.fromkeys(("device_type", "compatible", "status"), STRING),
}
NAMES = st.sampled_from(["pci@0", "pcie", "bus", "Bus", "device@1"])
CONTENT = st.fixed_dictionaries({}, optional=PROPERTIES)
TREES = st.lists(st.tuples(NAMES, CONTENT, st.integers(0, 2)), max_size=8)


def build(top: dict[str, bytes], nodes: list[tuple[str, dict[str, bytes], int]]) -> Tree:
    """Return a tree of nodes that open in their order, each after some of those before it were closed."""
    builder = Builder(Source("hostile.dts", ""))
    for name, value in top.items():
        builder.add(name, value)
    for name, content, closed in nodes:
        for _ in range(closed):
            if builder.node.parent is not None:
                builder.end()
        if builder.node.child(name) is not None:
            continue
        builder.begin(name)
        for each, value in content.items():
            builder.add(each, value)
    return builder.finish()


def read(node: Node) -> None:
    count = address_count(node)
    for index in range(count):
        with suppress(BindingError):
            entry = translate(node, index)
            assert 0 <= entry.address < LAST_ADDRESS
            assert entry.span is not None
    readers: tuple[Callable[[], object], ...] = (
        lambda: list(physical_ranges(node)),
        lambda: list(phandle_entries(node, "list", "#c")),
        lambda: list(interrupt_entries(node)),
    )
    for each in readers:
        with suppress(BindingError):
            each()
    written_reg(node)
    read_u32(node, "list")
    read_string(node, "status")
    device_type(node)
    is_available(node)
    assert all(text == text.lower() for text in compatible(node))


@given(CONTENT, TREES)
def test_anything_is_read_or_refused(top: dict[str, bytes], nodes: list[tuple[str, dict[str, bytes], int]]) -> None:
    tree = build(top, nodes)
    for node in tree.walk():
        read(node)
        found = find_by_path(tree, node.path.upper())
        assert found is not None
        assert found.path.lower() == node.path.lower()
