"""XS332 wrong-cells."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS, address_cells, size_cells
from xenscmi.bindings.names import CHOSEN, PASSTHROUGH
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import unit_address
from xenscmi.rules.rule import Change, Finding, HostRule, also

_CELLS = tuple(product((1, 2), (1, 2)))

RULE = HostRule(
    code="XS332",
    name="wrong-cells",
    severity=Severity.ERROR,
    summary="#address-cells and #size-cells of a node do not fit reg of any node below it.",
    then="no address below it is read as it was meant",
    xen="Xen and the guest divide reg by the cells that the parent declares, whatever the names of the nodes say.",
    fix="declare the cells in which reg is written, or write reg in the declared cells",
    bad=(
        Change(
            "host.dts",
            "\t\tmodule@50000000 {",
            "\t\tspare {\n\t\t\t#address-cells = <1>;\n\t\t\t#size-cells = <2>;\n\t\t\t"
            "a@60000000 { reg = <0x0 0x60000000 0x0 0x1000>; };\n\t\t\t"
            "b@60001000 { reg = <0x0 0x60001000 0x0 0x1000>; };\n\t\t};\n\n\t\tmodule@50000000 {",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host = index.host.tree.node(CHOSEN) if index.host.tree and index.container else None
    tops = [(host, "the host")] if host else []
    for domain in index.host.domains:
        own = domain.tree.tree.node(PASSTHROUGH) if domain.tree else None
        tops += [(own, domain.title)] if own else []
    for top, owner in tops:
        for node in top.walk():
            found = _misread(node)
            if found is not None:
                yield found.replace(message=f"{node.path} of {owner} {found.message}")


@once
def _misread(node: Node) -> Finding | None:
    """Return what is wrong with the cells of a node if all below it, two or more, are written for other ones."""
    children = [each for each in node.children if "reg" in each and unit_address(each) is not None]
    declared = next((address_cells(each), size_cells(each)) for each in children) if children else (0, 0)
    if len(children) < 2 or any(_fits(each, *declared) for each in children):
        return None
    meant = [cells for cells in _CELLS if all(_fits(each, *cells) for each in children)]
    if not meant:
        return None
    wrong_addresses = all(cells[0] != declared[0] for cells in meant)
    wrong = node.get(ADDRESS_CELLS if wrong_addresses else SIZE_CELLS)
    reg = children[0].get("reg")
    return Finding(
        message=f"declares addresses of {declared[0]} cells and sizes of {declared[1]}, "
        f"but reg of its nodes is written for {meant[0][0]} and {meant[0][1]}",
        span=wrong.span if wrong else node.span,
        related=also("such as this one", reg.span if reg else None),
        severity=None if wrong_addresses else Severity.WARNING,
        then=None if wrong_addresses else "no size below it is read as it was meant",
    )


def _fits(node: Node, address: int, size: int) -> bool:
    """Return whether reg divides into entries of so many cells, and begins with the address in the node's name."""
    reg, width = node.get("reg"), 4 * (address + size)
    if reg is None or not width or not reg.value or len(reg.value) % width:
        return False
    return int.from_bytes(reg.value[: 4 * address], "big") == unit_address(node)
