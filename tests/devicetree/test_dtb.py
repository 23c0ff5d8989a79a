"""DTBs: whatever the bytes, a tree or our own error, soon."""

from __future__ import annotations

import struct
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.devicetree import (
    DeviceTreeError,
    ShapeError,
    Tree,
    apply_overlays,
    parse_dts,
    read_dtb,
    reg,
    translate,
    write_dtb,
    write_dts,
)

BASE = b"""/dts-v1/;
/memreserve/ 0x1000 0x1000;
/ {
    #address-cells = <2>; #size-cells = <1>;
    aliases { a = "/soc/foo@1"; };
    soc: soc { ranges = <0 0 0 1 0x100>; foo: foo@1 { reg = <0 1 1>; next = <&bar>; }; bar: bar { next = <&foo 1>; }; };
};
"""
OVERLAY = b"/dts-v1/; /plugin/; &foo { a = <&bar 1>; n: n { b = <&n>; }; }; &n { c; }; &{/soc} { d { }; };"


@cache
def blob(text: bytes) -> bytes:
    return write_dtb(parse_dts(text, name="t.dts", directory=Path()))


def damaged(data: st.DataObject, text: bytes) -> bytes:
    """Flip bytes of a blob, most in the header, and perhaps cut it short."""
    found = bytearray(blob(text))
    places = st.one_of(st.integers(4, 0x37), st.integers(0, len(found) - 1))
    for at in data.draw(st.lists(places, max_size=4)):
        found[at] = data.draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 255])))
    return bytes(found[: data.draw(st.one_of(st.just(len(found)), st.integers(0, len(found))))])


def use(tree: Tree) -> None:
    """Do with a tree what anybody may do: it ends well or in our own error."""
    for node in tree.walk():
        for read in (reg, translate):
            with suppress(ShapeError):
                read(node)
        for prop in node.properties:
            prop.place(2, 5)
            with suppress(ShapeError):
                list(prop.references("#size-cells"))
    assert read_dtb(write_dtb(tree), "again").same_as(tree)
    write_dts(tree)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_blob_is_a_tree_or_an_error(data: st.DataObject) -> None:
    tree = None
    with suppress(DeviceTreeError):
        tree = read_dtb(damaged(data, BASE), "t.dtb")
    if tree:
        use(tree)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_overlay_is_applied_or_an_error(data: st.DataObject) -> None:
    tree = None
    with suppress(DeviceTreeError):
        tree = apply_overlays(read_dtb(blob(BASE), "base"), [read_dtb(damaged(data, OVERLAY), "t.dtbo")])
    if tree:
        use(tree)


@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_number_are_an_error(data: bytes) -> None:
    with pytest.raises(DeviceTreeError):
        read_dtb(b"\xd0\x0d\xfe\xed" + data, "t.dtb")


def test_every_truncation_is_an_error() -> None:
    whole = blob(BASE)
    for length in range(len(whole)):
        with pytest.raises(DeviceTreeError, match="this is no sound device tree"):
            read_dtb(whole[:length], "t.dtb")


def raw(structure: bytes, strings: bytes = b"p\0q\0") -> bytes:
    """Return a DTB with this structure block."""
    header, rsv = 40, 16
    end = header + rsv + len(structure)
    fields = (0xD00DFEED, end + len(strings), header + rsv, end, header, 17, 16, 0, len(strings), len(structure))
    return struct.pack(">10I", *fields) + bytes(rsv) + structure + strings


def node(name: bytes, *inside: bytes) -> bytes:
    return struct.pack(">I", 1) + (name + b"\0").ljust(len(name) // 4 * 4 + 4, b"\0") + b"".join(inside) + b"\0\0\0\2"


END = b"\0\0\0\x09"
PROP = struct.pack(">III", 3, 0, 0)


@pytest.mark.parametrize(
    ("structure", "reason"),
    [
        (node(b"", node(b"a"), node(b"a")) + END, "/ has two parts named a"),
        (node(b"", PROP, PROP) + END, "/ has two parts named p"),
        (node(b"", node(b"a/b")) + END, "/ has a part whose name dtc would refuse: 'a/b'"),
        (node(b"", node(b"")) + END, "/ has a part whose name dtc would refuse: ''"),
        (node(b"", node(b"\xff\x1b[31m")) + END, r"/ has a part whose name dtc would refuse: '\udcff\x1b[31m'"),
        (node(b"", struct.pack(">III", 3, 0, 3)) + END, "/ has a part whose name dtc would refuse: ''"),
        (node(b"", struct.pack(">III", 3, 1 << 20, 0)) + END, "its nodes and properties are damaged"),
        (node(b"x") + END, "its nodes and properties are damaged"),
        (node(b""), "it ends before its header says"),
    ],
)
def test_what_libfdt_lets_pass_and_dtc_does_not_is_an_error(structure: bytes, reason: str) -> None:
    with pytest.raises(DeviceTreeError) as caught:
        read_dtb(raw(structure), "t.dtb")
    assert str(caught.value).startswith(f"this is no sound device tree: {reason}")


def test_names_that_are_not_ascii_are_an_error() -> None:
    with pytest.raises(DeviceTreeError, match="names of properties are not ASCII"):
        read_dtb(raw(node(b"", PROP) + END, b"\xe6\0"), "t.dtb")


@pytest.mark.parametrize("depth", [65, 10_000, 1_000_000])
def test_nodes_too_deep_are_an_error(depth: int) -> None:
    structure = b"\0\0\0\1\0\0\0\0" + b"\0\0\0\1n\0\0\0" * depth + b"\0\0\0\2" * (depth + 1) + END
    with pytest.raises(DeviceTreeError, match="its nodes nest deeper than 64 levels"):
        read_dtb(raw(structure), "t.dtb")


def test_a_wide_tree_is_no_matter() -> None:
    structure = node(b"", *(node(b"n%d" % index, PROP) for index in range(30_000))) + END
    tree = read_dtb(raw(structure), "t.dtb")
    assert len(tree.root.children) == 30_000
    assert tree.node("/n29999") is not None
