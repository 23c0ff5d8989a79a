"""XS321 interrupt-beyond-gic."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI, spi_count
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS321",
    name="interrupt-beyond-gic",
    severity=Severity.ERROR,
    summary="A device has an interrupt that the GIC does not have.",
    then="Xen refuses to create the domain (-22)",
    xen='Xen cannot route it: "invalid vIRQ number …", "Device tree generation failed (-22).", and it panics for dom0 '
    "and dom0less domains. No device tree says how many interrupts the GIC has: at most 988 SPIs, 256 on QEMU's board.",
    fix="write the SPI's number, without the 32 that irqs adds",
    bad=(Change("host.dts", "interrupts = <0 49 4>;", "interrupts = <0 1049 4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    tree = index.host.tree
    if tree is None or index.container is None:
        return
    count = spi_count(tree)
    for number, owners in index.passthrough.interrupt_owners.items():
        if number - FIRST_SPI >= count:
            for owner in owners:
                yield Finding(
                    message=f"{owner.domain.title} gets SPI {number - FIRST_SPI}, but the GIC has {count} at most",
                    span=owner.span,
                )
