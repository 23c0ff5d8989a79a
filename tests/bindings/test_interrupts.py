"""Interrupts as Xen finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenscmi.bindings.interrupts import gic_number, interrupt_entries, spi_count
from xenscmi.devicetree import Tree, parse_dts

TREE = """
/dts-v1/;
/ {
	compatible = "%s";
	interrupt-parent = <&gic>;
	#address-cells = <1>;
	#size-cells = <1>;

	gic: gic@1000 {
		compatible = "arm,gic-400";
		reg = <0x1000 0x1000>;
		interrupt-controller;
		#interrupt-cells = <3>;
		#address-cells = <0>;
	};

	gpio: gpio@2000 {
		compatible = "lab,gpio";
		reg = <0x2000 0x1000>;
		interrupts = <0 9 4>;
		interrupt-controller;
		#interrupt-cells = <2>;
	};

	bus {
		#address-cells = <1>;
		#size-cells = <1>;
		ranges;

		plain@3000 { reg = <0x3000 0x10>; interrupts = <0 77 4>, <1 5 4>, <0 78 4>; };
		short@4000 { reg = <0x4000 0x10>; interrupts = <77 4>; };
		pin@5000 { reg = <0x5000 0x10>; interrupt-parent = <&gpio>; interrupts = <3 1>; };
		both@6000 { reg = <0x6000 0x10>; interrupts = <0 1 4>; interrupts-extended = <&gpio 3 1>, <&gic 0 11 4>; };
		dangling@7000 { reg = <0x7000 0x10>; interrupts = <0 12 4>; interrupts-extended = <&gic 0 13 4>, <0x99 1>; };
	};

	nexus {
		#address-cells = <1>;
		#size-cells = <1>;
		#interrupt-cells = <1>;
		ranges;
		interrupt-map-mask = <0xff00 0x7>;
		interrupt-map = <0x8000 1 &gic 0 21 4>, <0x9000 1 &gic 0 22 4>;

		first@8010 { reg = <0x8010 0x10>; interrupt-parent = <&{/nexus}>; interrupts = <1>; };
		second@9000 { reg = <0x9000 0x10>; interrupt-parent = <&{/nexus}>; interrupts = <9>; };
		third@a000 { reg = <0xa000 0x10>; interrupt-parent = <&{/nexus}>; interrupts = <1>; };
	};
};
"""


def tree(compatible: str = "lab,board") -> Tree:
    return parse_dts((TREE % compatible).encode(), name="host.dts", directory=Path())


@pytest.mark.parametrize(
    ("path", "numbers", "texts"),
    [
        ("/bus/plain@3000", [109, 21, 110], ["<0 77 4>", "<1 5 4>", "<0 78 4>"]),
        ("/bus/short@4000", [], []),
        ("/bus/pin@5000", [None], ["<3 1>"]),
        ("/bus/both@6000", [None, 43], ["<&gpio 3 1>", "<&gic 0 11 4>"]),
        ("/bus/dangling@7000", [44], ["<0 12 4>"]),
        ("/nexus/first@8010", [53], ["1"]),
        ("/nexus/second@9000", [54], ["9"]),
        ("/nexus/third@a000", [], []),
        ("/gpio@2000", [41], ["0 9 4"]),
    ],
)
def test_the_interrupts_of_a_node(path: str, numbers: list[int | None], texts: list[str]) -> None:
    node = tree().node(path)
    assert node is not None
    found = list(interrupt_entries(node))
    assert [each.number for each in found] == numbers
    assert [each.span.text.strip("<>") for each in found] == [text.strip("<>") for text in texts]


def test_an_spi_counts_from_32_anything_else_from_16() -> None:
    assert [gic_number(each) for each in ((0, 5, 4), (1, 5, 4), (2, 5, 4), (5, 4))] == [37, 21, 21, None]


def test_how_many_spis_there_are_is_known_of_qemus_board_alone() -> None:
    assert (spi_count(tree()), spi_count(tree("linux,dummy-virt"))) == (988, 256)
