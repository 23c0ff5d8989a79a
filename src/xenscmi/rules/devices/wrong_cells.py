"""XS332 wrong-cells."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.addresses import ADDRESS_CELLS, SIZE_CELLS
from xenscmi.bindings.names import CHOSEN, PASSTHROUGH
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.cells import misread
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

RULE = HostRule(
    code="XS332",
    name="wrong-cells",
    severity=Severity.ERROR,
    summary="#address-cells and #size-cells of a node do not fit reg of any node below it.",
    then="no address below it is read as it was meant",
    xen="Xen and the guest divide reg by the cells that the parent declares, whatever the names of the nodes say.",
    fix="declare the cells in which reg is written, or write reg in the declared cells",
    fixable=(Safety.SAFE,),
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
    """Return what is wrong with the cells of a node."""
    found = misread(node)
    if found is None:
        return None
    declared, meant = found.declared, found.meant
    wrong_addresses = all(cells[0] != declared[0] for cells in meant)
    wrong = node.get(ADDRESS_CELLS if wrong_addresses else SIZE_CELLS)
    reg = found.example.get("reg")
    return Finding(
        message=f"declares addresses of {declared[0]} cells and sizes of {declared[1]}, "
        f"but reg of its nodes is written for {meant[0][0]} and {meant[0][1]}",
        span=wrong.span if wrong else node.span,
        related=also("such as this one", reg.span if reg else None),
        severity=None if wrong_addresses else Severity.WARNING,
        then=None if wrong_addresses else "no size below it is read as it was meant",
        fix=_declare(node, meant[0]) if len(meant) == 1 else None,
    )


def _declare(node: Node, meant: tuple[int, int]) -> Fix | None:
    """Return the counts of cells in which all of reg is written."""
    edits = [dts.cells(node.get(name), [count]) for name, count in zip((ADDRESS_CELLS, SIZE_CELLS), meant, strict=True)]
    return safe_fix(f"Declare addresses of {meant[0]} and sizes of {meant[1]} cells", *edits)
