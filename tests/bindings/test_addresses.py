"""Cell counts, `reg` and translation, as Xen does them."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from xenscmi.bindings.addresses import address_cells, address_count, physical_ranges, size_cells, translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.devicetree import Node, ShapeError, Tree

Dts = Callable[[str], Tree]


def leaf(tree: Tree) -> Node:
    found = tree.by_label("leaf")
    assert found is not None
    return found


def test_cell_counts_come_from_the_nearest_ancestor_that_has_them(dts: Dts) -> None:
    tree = dts("/ { #address-cells = <1>; a { #size-cells = <2>; b { leaf: c { #address-cells = <7>; }; }; }; };")
    assert (address_cells(leaf(tree)), size_cells(leaf(tree))) == (1, 2)
    tree = dts("/ { leaf: c { }; };")
    assert (address_cells(leaf(tree)), size_cells(leaf(tree))) == (2, 1)


def test_of_a_cell_count_the_first_cell_counts(dts: Dts) -> None:
    assert address_cells(leaf(dts("/ { #address-cells = <1 7>; leaf: c { }; };"))) == 1


def test_reg_as_written(dts: Dts) -> None:
    tree = dts("/ { #address-cells = <2>; #size-cells = <1>; leaf: c { reg = <1 0 0x10>,\n <0 2 0x20>; }; };")
    first, second = written_reg(leaf(tree))
    assert (first.address, first.size, first.span.text) == (1 << 32, 0x10, "1 0 0x10")
    assert (second.address, second.size, second.span.line) == (2, 0x20, 3)


def test_of_reg_only_whole_entries_count(dts: Dts) -> None:
    text = "/ {{ bus {{ #address-cells = <{0}>; #size-cells = <1>; leaf: c {{ reg = <1 0 3 4>; }}; }}; }};"
    assert [(each.address, each.size) for each in written_reg(leaf(dts(text.format(2))))] == [(1 << 32, 3)]
    assert written_reg(leaf(dts(text.format(0)))) == written_reg(leaf(dts(text.format(5)))) == ()
    assert written_reg(dts("/ { };").root) == ()


ROOT = "#address-cells = <2>; #size-cells = <1>;"
CASES = {
    "at the root": (f"/ {{ {ROOT} leaf: c {{ reg = <1 2 3>; }}; }};", 0x1_0000_0002),
    "through empty ranges": (f"/ {{ {ROOT} b {{ ranges; leaf: c {{ reg = <1 2 3>; }}; }}; }};", 0x1_0000_0002),
    "into more cells": (
        f"/ {{ {ROOT} b {{ #address-cells = <1>; ranges; leaf: c {{ reg = <2 3>; }}; }}; }};",
        2,
    ),
    "by the entry that holds it": (
        f"/ {{ {ROOT} b {{ #address-cells = <1>; ranges = <0 0 0x1000 0x10>, <0x10 1 0x2000 0x10>;"
        " leaf: c { reg = <0x14 4>; }; }; };",
        0x1_0000_2004,
    ),
    "twice": (
        f"/ {{ {ROOT} a {{ #address-cells = <1>; ranges = <0 0 0x1000 0x100>; b {{ ranges = <0 0x20 0x10>;"
        " leaf: c { reg = <1 1>; }; }; }; };",
        0x1021,
    ),
    "a bus of three cells by equality": (
        f"/ {{ {ROOT} b {{ #address-cells = <3>; #size-cells = <1>; ranges = <1 2 3 0 0x1000 4>;"
        " leaf: c { reg = <1 2 3 4>; }; }; };",
        0x1000,
    ),
    "a PCI device": (
        f'/ {{ {ROOT} b {{ device_type = "pci"; #address-cells = <3>; #size-cells = <2>;'
        " ranges = <0x01000000 0 0 0 0x500 0 0x100>, <0x02000000 0 0x100 0 0x1000 0 0x100>;"
        " leaf: c { assigned-addresses = <0x02000010 0 0x110 0 4>; }; }; };",
        0x1010,
    ),
    "beyond 32 bits": (
        f"/ {{ {ROOT} b {{ ranges = <0 0 0 0xf0000000 0x80000000>; leaf: c {{ reg = <0 0x20000000 1>; }}; }}; }};",
        0x1_1000_0000,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_translation(dts: Dts, case: str) -> None:
    text, address = CASES[case]
    assert translate(leaf(dts(text))).address == address


FAILURES = {
    "no ranges above": (
        f"/ {{ {ROOT} b {{ leaf: c {{ reg = <1 2 3>; }}; }}; }};",
        "/b has no ranges: Xen cannot translate the address of /b/c (/b is not a valid bus)",
    ),
    "no ranges further up": (
        f"/ {{ {ROOT} a {{ b {{ ranges; leaf: c {{ reg = <1 2 3>; }}; }}; }}; }};",
        "/a has no ranges: Xen cannot translate the address of /a/b (/a is not a valid bus)",
    ),
    "outside the ranges": (
        f"/ {{ {ROOT} b {{ ranges = <0 0 0 0 0x10>; leaf: c {{ reg = <0 0x10 1>; }}; }}; }};",
        "/b: ranges does not hold the address 0x10",
    ),
    "no size cells": (
        f"/ {{ {ROOT} b {{ #size-cells = <0>; ranges; leaf: c {{ reg = <0 1>; }}; }}; }};",
        "/b/c has no address that Xen could translate: Bad cell count, "
        "#address-cells is 2 and #size-cells is 0 for the children of /b",
    ),
    "too many cells": (
        "/ { #address-cells = <5>; #size-cells = <1>; leaf: c { reg = <0 0 0 0 0 1>; }; };",
        "/c has no address that Xen could translate: Bad cell count, "
        "#address-cells is 5 and #size-cells is 1 for the children of /",
    ),
    "no reg": (f"/ {{ {ROOT} leaf: c {{ }}; }};", "/c has no reg"),
    "a short reg": (f"/ {{ {ROOT} leaf: c {{ reg = <1 2>; }}; }};", "/c: reg has 2 cells, too few for entry 0"),
    "another address of three cells": (
        f"/ {{ {ROOT} b {{ #address-cells = <3>; #size-cells = <1>; ranges = <1 2 3 0 0x1000 4>;"
        " leaf: c { reg = <1 2 4 4>; }; }; };",
        "/b: ranges does not hold the address 0x200000004",
    ),
    "another PCI space": (
        f"/ {{ {ROOT} pcie {{ #address-cells = <3>; #size-cells = <2>; ranges = <0x01000000 0 0 0 0 0 0x100>;"
        " leaf: c { assigned-addresses = <0x02000000 0 0 0 4>; }; }; };",
        "/pcie: ranges does not hold the address 0x0",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_translation_fails_where_xen_fails(dts: Dts, case: str) -> None:
    text, message = FAILURES[case]
    with pytest.raises(ShapeError) as caught:
        translate(leaf(dts(text)))
    assert str(caught.value) == message


def test_entries_count_from_0_and_a_rest_does_no_harm(dts: Dts) -> None:
    tree = dts(f"/ {{ {ROOT} leaf: c {{ reg = <0 1 2 0 3 4 5>; }}; }};")
    assert (translate(leaf(tree), 1).address, translate(leaf(tree), 1).size) == (3, 4)
    with pytest.raises(ShapeError, match="too few for entry 2"):
        translate(leaf(tree), 2)


def test_the_root_has_no_address(dts: Dts) -> None:
    with pytest.raises(ShapeError, match="/ has no address: it is the root"):
        translate(dts("/ { };").root)


PCI = """/ {
    #address-cells = <2>; #size-cells = <2>;
    pcie@10000000 {
        device_type = "pci"; #address-cells = <3>; #size-cells = <2>; reg = <0 0x10000000 0 0x1000>;
        ranges = <0x01000000 0 0 0 0x3eff0000 0 0x10000>, <0x02000000 0 0x10000000 0x80 0 0 0x20000000>;
        bridge: pci@0,0 {
            device_type = "pci"; #address-cells = <3>; #size-cells = <2>; reg = <0 0 0 0 0>; ranges;
            wifi: wifi@0 { reg = <0x10000 0 0 0 0>; };
            nic: nic@1 { assigned-addresses = <0x83000010 0 0x10001000 0 0x100>; };
        };
    };
};"""


def labelled(tree: Tree, label: str) -> Node:
    found = tree.by_label(label)
    assert found is not None
    return found


def test_a_device_on_a_pci_bus_has_no_address_by_its_reg(dts: Dts) -> None:
    tree = dts(PCI)
    assert [address_count(labelled(tree, label)) for label in ("bridge", "wifi", "nic")] == [0, 0, 1]
    with pytest.raises(BindingError, match="/pci@0,0 has no assigned-addresses") as caught:
        translate(labelled(tree, "bridge"))
    assert caught.value.printed is None
    assert address_count(tree.root) == 0
    host = tree.node("/pcie@10000000")
    assert host is not None
    assert (address_count(host), translate(host).address, translate(host).size) == (1, 0x10000000, 0x1000)


def test_memory_space_of_32_and_of_64_bits_is_one_space(dts: Dts) -> None:
    text = PCI.replace("ranges;", "ranges = <0x02000000 0 0x10000000 0x02000000 0 0x10000000 0 0x20000000>;")
    assert translate(labelled(dts(text), "nic")).address == 0x80_0000_1000


def test_the_windows_of_a_pci_host_bridge(dts: Dts) -> None:
    tree = dts(PCI)
    host = tree.node("/pcie@10000000")
    assert host is not None
    assert [(each.address, each.size) for each in physical_ranges(host)] == [
        (0x3EFF0000, 0x10000),
        (0x80_0000_0000, 0x20000000),
    ]
    assert list(physical_ranges(labelled(tree, "bridge"))) == []
    assert list(physical_ranges(labelled(tree, "wifi"))) == []


def test_a_bridge_without_ranges_cannot_be_enumerated(dts: Dts) -> None:
    with pytest.raises(BindingError) as caught:
        list(physical_ranges(labelled(dts(PCI.replace("ranges;", "")), "bridge")))
    assert caught.value.printed == "DT: no ranges; cannot enumerate /pcie@10000000/pci@0,0"


def test_a_window_that_does_not_translate_says_why(dts: Dts) -> None:
    text = PCI.replace("ranges;", "ranges = <0x02000000 0 0 0x02000000 0 0 0 0x1000>;")
    (window,) = physical_ranges(labelled(dts(text), "bridge"))
    assert (window.address, window.size) == (None, 0x1000)
    assert window.problem is not None
    assert str(window.problem) == "/pcie@10000000: ranges does not hold the address 0x0"


PRINTED = {
    "the parent is no bus": (f"/ {{ {ROOT} b {{ leaf: c {{ reg = <1 2 3>; }}; }}; }};", None),
    "a node above is no bus": (
        f"/ {{ {ROOT} a {{ b {{ ranges; leaf: c {{ reg = <1 2 3>; }}; }}; }}; }};",
        "DT: /a is not a valid bus",
    ),
    "no size cells": (
        f"/ {{ {ROOT} b {{ #size-cells = <0>; ranges; leaf: c {{ reg = <0 1>; }}; }}; }};",
        "dt_parse: Bad cell count for device /b/c",
    ),
    "no size cells above": (
        "/ { #address-cells = <2>; #size-cells = <0>; b { #size-cells = <1>; ranges; leaf: c { reg = <0 1 2>; }; }; };",
        "dt_parse: Bad cell count for parent /b",
    ),
    "too many cells": ("/ { #address-cells = <5>; #size-cells = <1>; leaf: c { reg = <0 0 0 0 0 1>; }; };", None),
    "a PCI bus without ranges": (
        f"/ {{ {ROOT} pci {{ leaf: c {{ assigned-addresses = <0 0 0 0 0>; }}; }}; }};",
        "DT: no ranges; cannot translate",
    ),
}


@pytest.mark.parametrize("case", PRINTED)
def test_what_xen_prints(dts: Dts, case: str) -> None:
    text, printed = PRINTED[case]
    with pytest.raises(BindingError) as caught:
        translate(leaf(dts(text)))
    assert (caught.value.printed, caught.value.errno) == (printed, errno.EINVAL)
