"""XS314 missing-interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_interrupts, spis
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS314",
    name="missing-interrupt",
    severity=Severity.ERROR,
    summary="A domain gets a device by dtdev, but irqs lacks one of its interrupts.",
    then="the guest's driver waits for an interrupt that never comes",
    xen="dtdev routes no interrupts; only irqs does. Xen says nothing.",
    fix="add the interrupt to irqs, by the GIC's number: that of the device tree plus 32 for an SPI",
    bad=(Change("guest.cfg", "irqs = [ 82 ]\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    irqs = {id(domain): {irq.value for irq in domain.irqs} for domain in index.host.domains}
    for given in index.passthrough.given:
        domain = given.domain
        if domain.kind is not DomainKind.TOOLSTACK:
            continue
        # A guest's node may leave interrupts out that its driver does not need.
        used = {each.number for each in guest_interrupts(given.guest)} if given.guest else set()
        for number, entry in spis(given.node):
            if number not in irqs[id(domain)] and (not used or number in used):
                yield Finding(
                    message=f"{given.node.path} of {domain.title} has interrupt {number} (SPI {number - FIRST_SPI}), "
                    "which irqs lacks",
                    span=domain.irqs_span or given.span,
                    related=also("the interrupt", entry.span),
                )
