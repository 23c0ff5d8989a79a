"""DTBs: what dtc reads and writes, to the byte; whatever the bytes, a tree or our own error, soon."""

from __future__ import annotations

import re
import struct
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.devicetree.same import same

from xenscmi.bindings.addresses import translate, written_reg
from xenscmi.devicetree import (
    DeviceTreeError,
    ShapeError,
    Tree,
    apply_overlays,
    parse_dts,
    read_dtb,
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

BEGIN_NODE, END_NODE, PROP, NOP, END = (struct.pack(">I", token) for token in (1, 2, 3, 4, 9))


@cache
def blob(text: bytes) -> bytes:
    return write_dtb(parse_dts(text, name="t.dts", directory=Path()))


@st.composite
def damaged(draw: st.DrawFn, text: bytes) -> bytes:
    """Flip bytes of a blob, most in the header, and perhaps cut it short."""
    found = bytearray(blob(text))
    places = st.one_of(st.integers(4, 0x37), st.integers(0, len(found) - 1))
    for at in draw(st.lists(places, max_size=4)):
        found[at] = draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 2, 3, 4, 9, 255])))
    return bytes(found[: draw(st.one_of(st.just(len(found)), st.integers(0, len(found))))])


def raw(
    structure: bytes,
    strings: bytes = b"p\0q\0",
    *,
    version: int = 17,
    reservations: bytes = bytes(16),
    boot_cpu: int = 0,
    slack: bytes = b"",
) -> bytes:
    """Return a DTB of these blocks, with `slack` between them and at the end."""
    header = 40
    structure_at = header + len(reservations)
    strings_at = structure_at + len(structure) + len(slack)
    total = strings_at + len(strings) + len(slack)
    sizes = (len(strings), len(structure)) if version >= 17 else (len(strings), 0xDEADBEEF)
    fields = (0xD00DFEED, total, structure_at, strings_at, header, version, 16, boot_cpu, *sizes)
    return struct.pack(">10I", *fields) + reservations + structure + slack + strings + slack


def node(name: bytes, *inside: bytes) -> bytes:
    return BEGIN_NODE + padded(name + b"\0") + b"".join(inside) + END_NODE


def prop(name_at: int = 0, value: bytes = b"") -> bytes:
    return PROP + struct.pack(">2I", len(value), name_at) + padded(value)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def through_dtc(data: bytes) -> bytes | None:
    """Return the DTB that dtc makes of one, None where it can make none. It is told to be silent about names (-f)."""
    command = ["dtc", "-q", "-f", "-I", "dtb", "-O", "dtb", "-"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=20)
    return done.stdout if done.returncode == 0 else None


# Where dtc is content and we are not: what libfdt checks in the header, what the specification forbids, and our limits.
STRICTER = re.compile(
    "outside of|bytes, not|the structure block ends|not a multiple of|it has version|the root node has a name"
    "|follows its children|two nodes named|two properties named|name dtc would refuse|nest deeper|longer than"
)


def read(data: bytes) -> Tree | None:
    """Return the tree of a blob or None, and hold that to dtc."""
    tree, message, by_dtc = None, "", through_dtc(data)
    try:
        tree = read_dtb(data, "t.dtb")
    except DeviceTreeError as error:
        message = str(error)
    if tree is None:
        assert message.startswith("this is not a valid DTB: at byte 0x")
        assert by_dtc is None or STRICTER.search(message), message
        return None
    assert write_dtb(tree) == by_dtc
    return tree


def use(tree: Tree) -> None:
    """Do with a tree what anybody may do: it ends well or in our own error."""
    for each in tree.walk():
        for look in (written_reg, translate):
            with suppress(ShapeError):
                look(each)
        for value in each.properties:
            value.place(2, 5)
            with suppress(ShapeError):
                list(value.references("#size-cells"))
    assert same(read_dtb(write_dtb(tree), "again"), tree)
    write_dts(tree)


@settings(max_examples=200)
@given(damaged(BASE))
def test_a_damaged_blob_is_what_dtc_reads_or_an_error(data: bytes) -> None:
    tree = read(data)
    if tree:
        use(tree)


@settings(max_examples=100)
@given(damaged(OVERLAY))
def test_a_damaged_overlay_is_what_fdtoverlay_makes_or_an_error(data: bytes) -> None:
    base, tree = read_dtb(blob(BASE), "base"), None
    with suppress(DeviceTreeError):
        tree = apply_overlays(base, [read_dtb(data, "t.dtbo")])
    if tree:
        use(tree)
        assert same(by_fdtoverlay(blob(BASE), data), tree)


def by_fdtoverlay(base: bytes, overlay: bytes) -> Tree:
    with TemporaryDirectory() as folder:
        (Path(folder) / "overlay").write_bytes(overlay)
        command = ["fdtoverlay", "-i", "-", "-o", "-", "overlay"]
        done = subprocess.run(command, input=base, capture_output=True, cwd=folder, timeout=20, check=True)
    return read_dtb(done.stdout, "fdtoverlay's")


TOKENS = st.recursive(
    st.one_of(
        st.builds(prop, st.integers(0, 5), st.binary(max_size=9)),
        st.sampled_from([NOP, b"", END, END_NODE, BEGIN_NODE, prop(2)[:8], b"\0\0\0\5"]),
        st.binary(min_size=4, max_size=4),
    ),
    lambda inner: st.builds(
        lambda name, inside: node(name, *inside),
        st.sampled_from([b"", b"a", b"b@1", b"a/b"]),
        st.lists(inner, max_size=4),
    ),
)


@settings(max_examples=200)
@given(st.lists(TOKENS, max_size=4), st.sampled_from([16, 17, 18]), st.sampled_from([END, b"", END + NOP]))
def test_any_tokens_are_what_dtc_reads_or_an_error(tokens: list[bytes], version: int, end: bytes) -> None:
    read(raw(node(b"", *tokens) + end, b"p\0qq\0", version=version))


@pytest.mark.parametrize("at", range(0, 56, 4))
def test_every_word_of_the_header_is_checked(at: int) -> None:
    whole = blob(BASE)
    (now,) = struct.unpack_from(">I", whole, at)
    values = {0, 1, now - 4, now - 1, now + 1, now + 4, now + 8, len(whole), 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
    for value in values:
        data = bytearray(whole)
        struct.pack_into(">I", data, at, value & 0xFFFFFFFF)
        tree = read(bytes(data))
        if tree:
            use(tree)


@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_number_are_an_error(data: bytes) -> None:
    with pytest.raises(DeviceTreeError):
        read_dtb(b"\xd0\x0d\xfe\xed" + data, "t.dtb")


def test_every_truncation_is_an_error() -> None:
    whole = blob(BASE)
    for length in range(len(whole)):
        with pytest.raises(DeviceTreeError, match="this is not a valid DTB: at byte 0x"):
            read_dtb(whole[:length], "t.dtb")


def test_bytes_after_the_end_are_not_looked_at() -> None:
    tree = read_dtb(blob(BASE) + b"whatever", "t.dtb")
    assert write_dtb(tree) == blob(BASE)


@pytest.mark.parametrize("version", [16, 17, 18])
def test_every_version_and_token_and_field_is_read(version: int) -> None:
    inside = node(b"a@1", NOP, prop(0, b"abcde"), NOP, node(b"b"), NOP), node(b"a")
    structure = node(b"", prop(2, b"\0\0\0\7"), NOP, *inside, NOP) + END + b"after"
    reservations = struct.pack(">6Q", 0x10, 0x20, 0, 1 << 63, 5, 0)
    data = raw(padded(structure), version=version, reservations=reservations, boot_cpu=7, slack=bytes(8))
    tree = read(data)
    assert tree
    assert tree.reservations == ((0x10, 0x20), (0, 1 << 63))
    assert tree.boot_cpuid_phys == 7
    assert [each.path for each in tree.walk()] == ["/", "/a@1", "/a@1/b", "/a"]
    assert [(each.node.path, each.name, each.value) for one in tree.walk() for each in one.properties] == [
        ("/", "q", b"\0\0\0\7"),
        ("/a@1", "p", b"abcde"),
    ]


def test_names_may_share_their_ends() -> None:
    data = raw(node(b"", prop(0), prop(4), prop(5)) + END, b"abc-cd\0")
    tree = read(data)
    assert tree
    assert [each.name for each in tree.root.properties] == ["abc-cd", "cd", "d"]
    assert write_dtb(tree).endswith(b"\0\0\0\x09abc-cd\0")


@pytest.mark.parametrize(
    ("structure", "at", "reason"),
    [
        (node(b"", node(b"a"), node(b"a")) + END, 0x4C, "/ has two nodes named a"),
        (node(b"", prop(), prop()) + END, 0x4C, "/ has two properties named p"),
        (node(b"", node(b"a"), prop()) + END, 0x4C, "/ has a property, p, that follows its children"),
        (node(b"", node(b"a/b")) + END, 0x40, "/ has a node whose name dtc would refuse: 'a/b'"),
        (node(b"", node(b"")) + END, 0x40, "/ has a node whose name dtc would refuse: ''"),
        (node(b"", node(b"\xff\x1b[31m")) + END, 0x40, r"/ has a node whose name dtc would refuse: '\udcff\x1b[31m'"),
        (node(b"", prop(3)) + END, 0x57, "/ has a property whose name dtc would refuse: ''"),
        (node(b"", prop(4)) + END, 0x40, "a property of / has its name at byte 0x4 of the strings block, which has 4"),
        (node(b"", prop(0, bytes(9))[:-8]), 0x40, "/: p has 9 bytes, but the structure block ends after 8"),
        (node(b"", prop()[:8])[:-4], 0x40, "the structure block ends inside a property of /"),
        (node(b"", BEGIN_NODE + b"nnnn")[:-4], 0x44, "the structure block ends inside a name"),
        (node(b"x") + END, 0x38, "the root node has a name: 'x'"),
        (node(b""), 0x44, "the structure block ends without FDT_END"),
        (node(b"")[:-4] + END, 0x40, "/ is not closed where the structure block ends"),
        (node(b"") + node(b"") + END, 0x44, "token 0x1 follows the root node, where FDT_END must stand"),
        (prop() + END, 0x38, "the structure block does not begin with the root node"),
        (node(b"", b"\0\0\0\5") + END, 0x40, "0x5 is not a token of the structure block"),
        (node(b"", node(b"n" * 1025)) + END, 0x44, "a name in the structure block is longer than 1024 bytes"),
        (NOP + node(b"") + END, 0x38, "the structure block does not begin with the root node"),
        (b"", 0x38, "the structure block ends without FDT_END"),
    ],
)
def test_what_is_wrong_is_said_with_its_byte(structure: bytes, at: int, reason: str) -> None:
    with pytest.raises(DeviceTreeError) as caught:
        read_dtb(raw(structure), "t.dtb")
    assert str(caught.value) == f"this is not a valid DTB: at byte {at:#x}: {reason}"
    read(raw(structure))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (0, 0xD00DFEEE, "0x0: it begins with d00dfeee, not with the magic number d00dfeed"),
        (4, 39, "0x4: its header says that it has 39 bytes, not 40 to 2147483647"),
        (4, 77, "0x4: its header says that it has 77 bytes, but it ends after 76"),
        (8, 0x200, "0x8: its header says that the structure block lies at 0x200 to 0x210, outside of 0x28 to 0x4c"),
        (8, 0x35, "0x8: its header says that the structure block starts at 0x35, which is not a multiple of 4"),
        (12, 0x49, "0xc: its header says that the strings block lies at 0x49 to 0x4d, outside of 0x28 to 0x4c"),
        (16, 0x10, "0x10: its header says that the memory reservation block lies at 0x10 to 0x4c, outside of"),
        (16, 0x2C, "0x10: its header says that the memory reservation block starts at 0x2c, which is not a multiple"),
        (16, 0x40, "0x40: the memory reservation block has no end: an entry of zeros"),
        (20, 3, "0x14: it has version 3, compatible with version 16"),
        (24, 18, "0x14: it has version 17, compatible with version 18"),
    ],
)
def test_a_header_that_cannot_be_true_is_said(field: int, value: int, reason: str) -> None:
    data = bytearray(raw(node(b"") + END))
    struct.pack_into(">I", data, field, value)
    with pytest.raises(DeviceTreeError) as caught:
        read_dtb(bytes(data), "t.dtb")
    assert str(caught.value).startswith(f"this is not a valid DTB: at byte {reason}")


def test_names_that_are_not_ascii_are_an_error() -> None:
    with pytest.raises(DeviceTreeError, match="/ has a property whose name dtc would refuse"):
        read_dtb(raw(node(b"", prop()) + END, b"\xe6\0"), "t.dtb")


@pytest.mark.parametrize("depth", [65, 10_000, 1_000_000])
def test_nodes_too_deep_are_an_error(depth: int) -> None:
    structure = b"\0\0\0\1\0\0\0\0" + b"\0\0\0\1n\0\0\0" * depth + b"\0\0\0\2" * (depth + 1) + END
    with pytest.raises(DeviceTreeError, match="nodes nest deeper than 64 levels"):
        read_dtb(raw(structure), "t.dtb")


def test_a_wide_tree_is_no_matter() -> None:
    structure = node(b"", *(node(b"n%d" % index, prop()) for index in range(30_000))) + END
    tree = read_dtb(raw(structure), "t.dtb")
    assert len(tree.root.children) == 30_000
    assert tree.node("/n29999") is not None


def test_many_names_within_one_long_name_are_refused_early() -> None:
    """One string of 8 MiB, and as many properties that each start one byte further into it: no time in its square."""
    structure = node(b"", *(prop(at) for at in range(100_000))) + END
    with pytest.raises(DeviceTreeError, match="a name in the strings block is longer than 1024 bytes"):
        read_dtb(raw(structure, b"n" * (8 << 20) + b"\0"), "t.dtb")
