"""The tree and the views of its properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.devicetree.same import same

from xenscmi.devicetree import Builder, Node, Property, ShapeError, Tree
from xenscmi.source import Source

Dts = Callable[[str], Tree]


def prop(tree: Tree, path: str, name: str) -> Property:
    node = tree.node(path)
    assert node is not None
    found = node.get(name)
    assert found is not None
    return found


def node(tree: Tree, path: str) -> Node:
    found = tree.node(path)
    assert found is not None
    return found


def test_nodes_are_found_by_path_label_phandle_and_alias(dts: Dts) -> None:
    tree = dts(
        """/ {
        aliases { uart = "/soc/uart@9000"; bad = <1>; };
        soc { u: serial: uart@9000 { port { }; }; };
    };"""
    )
    uart = node(tree, "/soc/uart@9000")
    assert (uart.name, uart.base_name, uart.unit_address, uart.path) == ("uart@9000", "uart", "9000", "/soc/uart@9000")
    assert tree.by_label("u") is tree.by_label("serial") is uart
    assert tree.by_phandle(prop(tree, "/soc/uart@9000", "phandle").u32()) is uart
    assert tree.resolve("uart") is tree.resolve("uart:115200n8") is tree.resolve("/soc/uart@9000:1") is uart
    assert tree.resolve("uart/port") is node(tree, "/soc/uart@9000/port")
    assert tree.node("/") is tree.root
    assert tree.root.path == "/"
    assert tree.root.unit_address is None
    for nowhere in ("/soc/uart", "/nope/uart@9000", "soc", "", "//", "/soc//uart@9000"):
        assert tree.node(nowhere) is None
    assert tree.resolve("bad") is tree.by_label("nope") is tree.by_phandle(99) is None
    assert [each.name for each in tree.walk()][:5] == ["", "aliases", "soc", "uart@9000", "port"]


def test_phandles_that_mean_nothing_are_not_found() -> None:
    builder = Builder(Source("t.dtb", ""))
    for name, value in (("a", b"\0\0\0\0"), ("b", b"\xff\xff\xff\xff"), ("c", b"\0\1"), ("d", b"\0\0\0\1")):
        builder.begin(name)
        builder.add("phandle", value)
        builder.end()
    tree = builder.finish()
    assert [tree.by_phandle(number) for number in (0, 0xFFFFFFFF, 1)] == [None, None, tree.node("/d")]


def test_views_of_values(dts: Dts) -> None:
    tree = dts(
        '/ { s = "a", "", "c"; one = "x"; c = <1 2>; n = <1 2>; u = <7>; e; b = [01 02 03]; t = &{/x}; x { }; };'
    )
    assert prop(tree, "/", "s").strings() == ("a", "", "c")
    assert prop(tree, "/", "one").string() == "x"
    assert prop(tree, "/", "c").cells() == (1, 2)
    assert prop(tree, "/", "n").number() == 1 << 32 | 2
    assert prop(tree, "/", "u").u32() == prop(tree, "/", "u").number() == 7
    assert prop(tree, "/", "e").cells() == ()
    assert prop(tree, "/", "c").rows(1, 1, hint="") == ((1, 2),)
    assert prop(tree, "/", "c").rows(2, 0, hint="") == ((1 << 32 | 2, 0),)
    assert prop(tree, "/", "t").string() == "/x"


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (lambda p: p("b").strings(), "/: b is not a string: it does not end in a zero byte"),
        (lambda p: p("e").strings(), "/: e is empty, not a string"),
        (lambda p: p("s").string(), "/: s holds 2 strings where one is expected"),
        (lambda p: p("b").cells(), "/: b has 3 bytes, which is not a whole number of cells"),
        (lambda p: p("c").u32(), "/: c has 12 bytes where one cell (4 bytes) is expected"),
        (lambda p: p("c").number(), "/: c has 12 bytes where a number of one or two cells (4 or 8 bytes) is expected"),
        (lambda p: p("c").rows(1, 1, hint="why"), "/: c has 3 cells, which is not a whole number of rows of 2 cells"),
        (lambda p: p("c").rows(0, hint="why"), "/: c has 3 cells, which is not a whole number of rows of 0 cells"),
        (lambda p: p("c").node_at(3), "/: c has 3 cells; the phandle is expected in cell 3"),
        (lambda p: p("c").node_at(1), "/: c refers to phandle 0x63, which no node has"),
    ],
)
def test_views_say_what_is_wrong_and_where(
    dts: Dts, view: Callable[[Callable[[str], Property]], object], message: str
) -> None:
    tree = dts('/ {\n s = "a", "b"; c = <98 0x63 97>;\n e; b = [01 02 03]; };')
    with pytest.raises(ShapeError) as caught:
        view(lambda name: prop(tree, "/", name))
    assert caught.value.diagnostic.message == str(caught.value) == message
    span = caught.value.diagnostic.span
    assert span is not None
    assert span.line == (4 if message[3] in "eb" else 3)
    assert span.text in message or span.text.startswith(message[3])


def test_references_end_at_the_first_that_cannot_be_read(dts: Dts) -> None:
    tree = dts(
        """/ {
        two: two { #x-cells = <2>; };
        none: none { };
        a { x = <&two 1 2>,
                <&two 3 4>, <&none 5>; };
        b { x = <&two 1>; };
        c { x = <9 1>; };
        d { x; };
    };"""
    )
    walk = prop(tree, "/a", "x").references("#x-cells")
    first, second = next(walk), next(walk)
    assert (first.target.path, first.arguments, first.span.text) == ("/two", (1, 2), "&two 1 2")
    assert (second.arguments, second.span.line) == ((3, 4), 6)
    with pytest.raises(ShapeError, match="/a: x refers to /none, which has no #x-cells") as caught:
        next(walk)
    assert caught.value.diagnostic.span is not None
    assert caught.value.diagnostic.span.text == "&none"
    with pytest.raises(ShapeError, match="/b: x ends after 1 of 2 arguments for /two"):
        list(prop(tree, "/b", "x").references("#x-cells"))
    with pytest.raises(ShapeError, match="/c: x refers to phandle 0x9, which no node has"):
        list(prop(tree, "/c", "x").references("#x-cells"))
    assert list(prop(tree, "/d", "x").references("#x-cells")) == []


def test_trees_are_the_same_where_content_and_order_are(dts: Dts) -> None:
    text = "/ { a = <1>; b { }; c { }; };"
    assert same(dts(text), dts(f"/* elsewhere */ {text}"))
    for other in (
        "/ { a = <2>; b { }; c { }; };",
        "/ { b { }; c { }; };",
        "/ { a = <1>; c { }; b { }; };",
        "/ { a = <1>; b { c { }; }; };",
        "/ { a = <1>; b { }; c { d { }; }; };",
        "/memreserve/ 1 2; / { a = <1>; b { }; c { }; };",
    ):
        assert not same(dts(text), dts(other))
        assert not same(dts(other), dts(text))
