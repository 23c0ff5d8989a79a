"""Trees as text: exact through dtc, and fit for a reader."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.devicetree.same import same

from xenscmi.devicetree import Builder, Tree, apply_overlays, load, read_dtb, write_dtb, write_dts
from xenscmi.source import Source


def through_dtc(tree: Tree) -> Tree:
    done = subprocess.run(["dtc", "-q", "-"], input=write_dts(tree).encode(), capture_output=True, check=True)
    return read_dtb(done.stdout, "round trip")


def test_text_reads_well(dts: Callable[[str], Tree]) -> None:
    tree = dts(
        """/memreserve/ 0x10 0x20;
    / {
        l: m: n@1 { s = "a", "b\\"\\\\\\n\\t"; e; c = <1 0xffffffff>; b = [01 02 03]; long = <1 2 3 4 5 6 7 8 9>; };
        n2 { n3 { phandle = <9>; }; };
    };"""
    )
    expected = """/dts-v1/;
/memreserve/ 0x10 0x20;

/ {

	l: m: n@1 {
		s = "a", "b\\"\\\\\\n\\t";
		e;
		c = <0x1 0xffffffff>;
		b = [01 02 03];
		long = <0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8
			0x9>;
		phandle = <0x1>;
	};

	n2 {

		n3 {
			phandle = <0x9>;
		};
	};

	__symbols__ {
		l = "/n@1";
		m = "/n@1";
	};
};
"""
    assert write_dts(tree) == expected


def test_cells_that_end_in_zeros_are_no_text(dts: Callable[[str], Tree]) -> None:
    assert "a = <0x41000000>;" in write_dts(dts("/ { a = <0x41000000>; };"))


def test_a_label_that_an_overlay_gave_away_stands_once(dts: Callable[[str], Tree]) -> None:
    overlay = dts("/plugin/; &{/} { other { l: n { }; }; };")
    merged = apply_overlays(dts("/ { l: n { }; };"), [overlay])
    assert same(through_dtc(merged), merged)


def test_vectors_round_trip(shared: Path) -> None:
    for folder in ("good-dom0+2domU", "cells-2", "list-3cells-but-2-declared"):
        for path in sorted((shared / "vectors/boot" / folder).glob("*.dts")):
            tree = load(path)
            assert same(through_dtc(tree), tree)
            assert same(read_dtb(write_dtb(tree), path.name), tree)


NODE_NAMES = st.from_regex(r"[abAB09,._+-]{1,6}(@[0a,])?", fullmatch=True)
NAMES = st.text("abcxyzABC019,._+*#?-", min_size=1, max_size=6)
VALUES = st.one_of(
    st.binary(max_size=24), st.lists(st.text('a"\\\n\t é', max_size=4)).map(lambda s: "\0".join(s).encode())
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    builder = Builder(Source("made", ""))
    builder.reserve(*draw(st.lists(st.tuples(st.integers(1, 2**64 - 1), st.integers(1, 2**64 - 1)), max_size=2)))

    def fill() -> None:
        for name, value in draw(st.dictionaries(NAMES, VALUES, max_size=4)).items():
            if name not in builder.node:
                builder.add(name, value)

    fill()
    depth = 0
    for name in draw(st.lists(NODE_NAMES, max_size=8)):
        for _ in range(draw(st.integers(0, depth))):
            builder.end()
            depth -= 1
        if builder.node.child(name) is None:
            builder.begin(name)
            depth += 1
            fill()
    return builder.finish()


@given(trees())
def test_any_tree_round_trips(tree: Tree) -> None:
    assert same(through_dtc(tree), tree)
    assert same(read_dtb(write_dtb(tree), "made"), tree)
