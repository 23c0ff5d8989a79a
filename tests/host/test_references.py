"""References by phandle, of every kind of property."""

from __future__ import annotations

from pathlib import Path

from xenscmi.devicetree import parse_dts
from xenscmi.host.references import phandle_uses

TREE = """
/dts-v1/;
/ {
	clock: clock { #clock-cells = <1>; };
	bare: bare { };
	gpio: gpio { #gpio-cells = <2>; };
	device {
		clocks = <&clock 5>, <0x91 6>, <&clock 7>;
		resets = <&bare 1>, <&clock 2>;
		vmmc-supply = <0x92>;
		pinctrl-0 = <&bare 0x93>;
		reset-gpios = <&gpio 1 0>, <0>, <&gpio 2 0>;
		phy-handle = <&bare>;
		reg = <0x94>;
		number-of-things = <0x95>;
	};
};
"""


def test_each_reference_of_a_node() -> None:
    node = parse_dts(TREE.encode(), name="guest.dts", directory=Path()).node("/device")
    assert node is not None
    found = [(each.prop.name, each.target.path if each.target else hex(each.phandle)) for each in phandle_uses(node)]
    assert found == [
        ("clocks", "/clock"),
        ("clocks", "0x91"),  # nobody knows where the next one starts
        ("resets", "/bare"),
        ("vmmc-supply", "0x92"),
        ("pinctrl-0", "/bare"),
        ("pinctrl-0", "0x93"),
        ("reset-gpios", "/gpio"),
        ("reset-gpios", "/gpio"),
        ("phy-handle", "/bare"),
    ]
    assert [each.uncounted for each in phandle_uses(node) if each.uncounted] == ["#reset-cells"]
    assert [each.span.text for each in phandle_uses(node) if each.prop.name == "clocks"] == ["&clock", "0x91"]
