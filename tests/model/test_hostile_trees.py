"""Device trees that nobody meant: whatever they hold, Xen boots or panics, and the model does what Xen does."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from boot_vector import boot_vector
from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.devicetree import Builder, Node, Tree, load
from xenscmi.host.reader import read_host
from xenscmi.simulation.simulate import simulate
from xenscmi.source import Source

Change = tuple[int, str, bytes]
VECTOR = Path(__file__).parents[1] / "vectors" / "boot" / "good-default"
CELLS = st.sampled_from([0, 1, 2, 3, 5, 0x1000, 0x47FF_0000, 0x7777, 0x8200_0003, 0xFFFF_FFFF]).map(
    lambda cell: cell.to_bytes(4, "big")
)
VALUES = st.lists(CELLS, max_size=6).map(b"".join) | st.binary(max_size=12) | st.just(b"xen,sci\0") | st.just(b"\0")
CHANGES = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["drop", "cut", "set", "drop node"]), VALUES), min_size=1, max_size=8
)


@cache
def trees() -> tuple[Tree, Tree]:
    return load(VECTOR / "host.dts"), load(VECTOR / "domU1.dts")


def changed(tree: Tree, changes: list[Change]) -> Tree:
    """Return the tree with changes to its properties, found by their number."""
    wanted = {number: (kind, value) for number, kind, value in changes}
    builder, numbers = Builder(Source("hostile.dts", "")), iter(range(10_000))

    def copy(node: Node) -> None:
        for each in node.properties:
            kind, value = wanted.get(next(numbers), ("", b""))
            if kind == "cut":
                builder.add(each.name, each.value[: len(each.value) // 2])
            elif kind != "drop":
                builder.add(each.name, value if kind == "set" else each.value)
        for child in node.children:
            if wanted.get(next(numbers), ("", b""))[0] == "drop node":
                continue
            builder.begin(child.name)
            copy(child)
            builder.end()

    copy(tree.root)
    return builder.finish()


@settings(max_examples=50)
@given(CHANGES, CHANGES | st.just([]))
def test_any_tree_boots_or_panics(
    host_changes: list[tuple[int, str, bytes]], domu: list[tuple[int, str, bytes]]
) -> None:
    tree, partial = trees()
    host = read_host(changed(tree, host_changes), partial={"domU1": changed(partial, domu)})
    simulation = simulate(host)
    assert simulation.panic is None or simulation.deviations
    result = boot_vector(host)
    assert result["boots"] is (result["panic"] is None)


def test_a_deep_tree_is_no_trouble() -> None:
    builder = Builder(Source("deep.dts", ""))
    builder.begin("chosen")
    builder.begin("kernel")
    builder.add("compatible", b"multiboot,kernel\0multiboot,module\0")
    builder.end()
    builder.end()
    for _ in range(4_000):
        builder.begin("n")
    for _ in range(4_000):
        builder.end()
    assert simulate(read_host(builder.finish())).panic is None


def test_a_host_without_a_kernel_panics_unless_the_boot_loader_adds_one() -> None:
    host = read_host(Builder(Source("empty.dts", "")).finish())
    assert boot_vector(host)["panic"] == "Could not set up d0 guest OS (rc = -2)"
    assert simulate(host).panic is None


def test_a_kernel_that_belongs_to_no_domain_is_dom0s() -> None:
    builder = Builder(Source("misspelt.dts", ""))
    builder.begin("chosen")
    builder.begin("domU1")
    builder.add("compatible", b"xen,domU\0")
    builder.begin("kernel")
    builder.add("compatible", b"multiboot,kernel\0multiboot,module\0")
    simulation = simulate(read_host(builder.finish()))
    assert (simulation.panic, [domain.name for domain in simulation.domains]) == (None, ["dom0"])
