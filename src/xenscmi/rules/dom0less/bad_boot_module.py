"""XS412 bad-boot-module."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.addresses import address_cells, size_cells
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.domains import unreadable_modules
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS412",
    name="bad-boot-module",
    severity=Severity.ERROR,
    summary="reg of a boot module has fewer cells than its parent declares.",
    then="Xen panics at boot",
    xen="Xen reads the boot modules before its console works, and panics without a word on it: \"fdt: node `…': `reg` "
    'property length is too short".',
    fix="write the address and the size of the module in the cells that its parent declares",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "reg = <0x0 0x53000000 0x0 0x1000>;", "reg = <0x53000000 0x1000>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for reg in unreadable_modules(index.host.tree) if index.host.tree and index.container else ():
        wanted = address_cells(reg.node) + size_cells(reg.node)
        yield Finding(
            message=f"reg of {reg.node.path} has {len(reg.value) // 4} cells; the address and the size have {wanted}",
            span=reg.span,
            fix=safe_fix("Write two cells for each number", dts.widen(reg)),
        )
