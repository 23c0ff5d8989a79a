"""XS322 unknown-irq."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS322",
    name="unknown-irq",
    severity=Severity.ERROR,
    summary="irqs names an interrupt that no device of the host has, or none that the domain gets.",
    then='`xl create` fails: "failed give domain access to irq" (Operation not permitted)',
    xen="dom0 may pass on only the interrupts of the devices in its tree. One that belongs to a device of no domain "
    "works, but most likely it is the wrong number.",
    fix="write the GIC's number: that of the device tree plus 32 for an SPI",
    bad=(Change("guest.cfg", "irqs = [ 82 ]", "irqs = [ 82, 50 ]"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.tree is None or index.dom0 is None or index.container is None:
        return
    for domain in index.host.domains:
        for irq in domain.irqs:
            number = irq.value
            if number is None:
                continue
            if number not in index.passthrough.interrupts_of_dom0:
                yield Finding(
                    message=f"irq {number} of {domain.title}: {_reason(index, domain, number)}", span=irq.span
                )
            elif len(index.passthrough.interrupt_owners[number]) == 1 and not index.passthrough.with_interrupt(
                domain, number
            ):
                yield Finding(
                    message=f"irq {number} of {domain.title}: no device that the domain gets has it",
                    span=irq.span,
                    severity=Severity.WARNING,
                )


def _reason(index: Index, domain: HostDomain, number: int) -> str:
    node = index.passthrough.with_interrupt(domain, number + FIRST_SPI)
    if node is not None:
        return f"{node.path} has SPI {number}, which is {number + FIRST_SPI} here"
    return "no device of the host has it"
