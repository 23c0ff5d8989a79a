"""Real boards, the DTBs of Debian's arm64 kernel, as hosts: Xen boots, or panics for a reason that the tree has.

The reasons are looked for by plain arithmetic on the tree, and the index of the rules must see the same.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from xenscmi.devicetree import Builder, Node, Tree, load
from xenscmi.host.index import Index
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host
from xenscmi.model.errors import Panic
from xenscmi.model.machine import boot
from xenscmi.model.xen import Model
from xenscmi.rules.engine import check

BOARDS = 320
_PCI = re.compile(r"pcie?(@.*)?")


def host_tree(tree: Tree) -> Tree:
    """Return a board's tree with what makes it a host: a kernel for dom0, and a container with one agent, dom0's."""
    builder = Builder(tree.source)
    pending: list[Node | None] = list(reversed(list(tree.root.children)))
    for each in tree.root.properties:
        builder.add(each.name, each.value)
    while pending:
        node = pending.pop()
        if node is None:
            builder.end()
        elif node.path != "/chosen":
            builder.begin(node.name)
            for each in node.properties:
                builder.add(each.name, each.value)
            pending += [None, *reversed(list(node.children))]
    builder.begin("chosen")
    for name, value in (("#address-cells", b"\0\0\0\2"), ("#size-cells", b"\0\0\0\2"), ("ranges", b"")):
        builder.add(name, value)
    builder.begin("module@0")
    builder.add("compatible", b"multiboot,kernel\0multiboot,module\0")
    builder.end()
    builder.begin("xen_scmi")
    builder.add("compatible", b"xen,sci\0")
    builder.add("ranges", b"")
    builder.add("scmi-secondary-agents", struct.pack(">3I", 0x82000002, 0x7FFFFF02, 0))
    builder.add("xen,dom0-sci-agent-id", b"\0\0\0\0")
    for number in (1, 2):
        builder.begin(f"sram@{number}")
        builder.add("compatible", b"arm,scmi-shmem\0")
        builder.add("reg", struct.pack(">4I", 0xFF, number << 12, 0, 0x1000))
        builder.add("phandle", struct.pack(">I", 0x7FFFFF00 + number))
        builder.end()
    builder.begin("scmi")
    builder.add("compatible", b"arm,scmi-smc\0")
    builder.add("arm,smc-id", struct.pack(">I", 0x82000003))
    builder.add("shmem", struct.pack(">I", 0x7FFFFF01))
    return builder.finish()


def cells(node: Node, name: str) -> list[int]:
    found = node.get(name)
    return [] if found is None else [cell for (cell,) in struct.iter_unpack(">I", found.value)]


def count(node: Node, name: str, default: int) -> int:
    return next((cells(above, name)[0] for above in node.ancestors() if name in above), default)


def number(values: list[int]) -> int:
    return sum(value << 32 * place for place, value in enumerate(reversed(values)))


def fails_to_translate(node: Node, index: int) -> bool:
    """Whether an entry of `reg` leads to no physical address: through a node without `ranges`, or out of them."""
    address, size = count(node, "#address-cells", 2), count(node, "#size-cells", 1)
    at = number(cells(node, "reg")[index * (address + size) :][:address])
    for bus in node.ancestors():
        if bus.parent is None:
            return False
        if "ranges" not in bus:
            return True
        table, above = cells(bus, "ranges"), count(bus, "#address-cells", 2)
        width = address + above + size
        for row in (table[start : start + width] for start in range(0, len(table), width)):
            first = number(row[:address])
            if first <= at < first + number(row[address + above :]):
                at += number(row[address : address + above]) - first
                break
        else:
            if table:
                return True
        address, size = above, count(bus, "#size-cells", 1)
    raise AssertionError("the root was met")


def run(host: Host) -> Model | Panic:
    """Return the booted machine, or how Xen panicked."""
    try:
        return boot(host)
    except Panic as panic:
        return panic


@pytest.mark.slow
def test_real_boards_boot_or_have_an_address_that_does_not_translate(debian_dtbs: Path) -> None:
    boards = sorted(debian_dtbs.rglob("*.dtb"))
    boards = boards[:: max(1, len(boards) // BOARDS)]
    assert len(boards) >= 300
    booted = with_pci = triggers = 0
    for path in boards:
        tree = host_tree(load(path))
        with_pci += any(_PCI.fullmatch(node.name) and "reg" in node for node in tree.walk())
        host = read_host(tree)
        outcome, unmappable = run(host), Index(host).unmappable_devices
        panics = [each for each in check(host) if "Xen panics" in each.message]
        assert bool(panics) == isinstance(outcome, Panic), (path, panics)
        if isinstance(outcome, Model):
            booted += 1
            assert outcome.mediator.initialized, (path, outcome.console.lines)
            assert outcome.domains[0].channel is not None
            assert not unmappable, (path, unmappable)
            continue
        if outcome.log[-1].endswith("(-1)."):
            assert "XS330" in {each.code for each in check(host)}, (path, outcome.log[-3:])
            triggers += 1
            continue
        said = re.fullmatch(r"Unable to retrieve address (\d+) for (.+)", outcome.log[-2])
        assert said is not None, (path, outcome.log[-3:])
        node = tree.node(said[2])
        assert node is not None
        assert node.parent is not None
        assert not _PCI.fullmatch(node.parent.name), (path, said[2])
        assert fails_to_translate(node, int(said[1])), (path, said[0])
        assert (unmappable[0].node, unmappable[0].what) == (node, f"address {said[1]}")
    assert booted > 0.8 * len(boards)
    assert triggers < 0.1 * len(boards)
    assert with_pci > 50
