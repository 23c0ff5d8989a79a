"""Properties and nodes as Xen reads and finds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xenscmi.bindings.properties import (
    compatible,
    device_type,
    find_by_path,
    find_by_phandle,
    find_compatible,
    has_path,
    is_available,
    is_compatible,
    read_string,
    read_u32,
)
from xenscmi.devicetree import Node, Tree

Dts = Callable[[str], Tree]


def node(dts: Dts, properties: str) -> Node:
    return dts(f"/ {{ {properties} }};").root


@pytest.mark.parametrize(
    ("value", "number"), [("<7>", 7), ("<7 8>", 7), ("[00 00 00 07 08]", 7), ("[00 00 07]", None), ('""', None)]
)
def test_a_number_is_the_first_cell(dts: Dts, value: str, number: int | None) -> None:
    assert read_u32(node(dts, f"p = {value};"), "p") == number
    assert read_u32(node(dts, ""), "p") is None


@pytest.mark.parametrize(
    ("value", "text"), [('"a"', "a"), ('"a", "b"', "a"), ("[61 62]", None), ("[61 00 62]", "a"), ("[]", None)]
)
def test_a_string_ends_at_its_first_zero_byte(dts: Dts, value: str, text: str | None) -> None:
    assert read_string(node(dts, f"p = {value};"), "p") == text


def test_compatible_is_compared_without_case(dts: Dts) -> None:
    found = node(dts, 'compatible = "ARM,SCMI-smc", "xen,sci";')
    assert compatible(found) == ("arm,scmi-smc", "xen,sci")
    assert is_compatible(found, "xen,sci")
    assert is_compatible(found, "a", "arm,scmi-smc")
    assert not is_compatible(found, "xen,sc")
    assert compatible(node(dts, "")) == ()
    assert is_compatible(node(dts, "compatible = [61 62];"), "ab")


@pytest.mark.parametrize(
    ("status", "available"),
    [
        ("", True),
        ('status = "okay";', True),
        ('status = "ok";', True),
        ("status = [6f 6b 61 79];", True),
        ('status = "Okay";', False),
        ('status = "disabled";', False),
        ("status;", False),
    ],
)
def test_status(dts: Dts, status: str, available: bool) -> None:
    assert is_available(node(dts, status)) is available


def test_device_type_needs_no_zero_byte(dts: Dts) -> None:
    assert device_type(node(dts, 'device_type = "pci";')) == device_type(node(dts, "device_type = [706369];")) == "pci"
    assert device_type(node(dts, "")) is None


def test_nodes_are_found_in_the_order_of_the_tree(dts: Dts) -> None:
    tree = dts('/ { phandle = <9>; a { phandle = <1>; b { compatible = "x"; }; }; c { compatible = "X"; }; };')
    assert find_compatible(tree, "x") is tree.node("/a/b")
    assert find_compatible(tree, "y") is None
    assert find_by_phandle(tree, 1) is tree.node("/a")
    assert find_by_phandle(tree, 2) is None
    assert find_by_phandle(tree, 0) is tree.node("/a/b"), "the first node without a phandle has phandle 0"


def test_paths_are_compared_without_case_and_with_nothing_else(dts: Dts) -> None:
    tree = dts("/ { Soc { uart@1 { }; }; aliases { serial = &{/Soc/uart@1}; }; };")
    uart = tree.node("/Soc/uart@1")
    assert uart is not None
    assert find_by_path(tree, "/soc/UART@1") is uart
    assert find_by_path(tree, "/") is tree.root
    assert [find_by_path(tree, path) for path in ("/soc//uart@1", "/soc/uart@1/", "serial", "", "/soc/uart")] == [
        None
    ] * 5
    assert has_path(uart, "/SOC/uart@1")
    assert not has_path(uart, "uart@1")
