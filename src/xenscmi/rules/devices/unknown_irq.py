"""XS322 unknown-irq."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import HostDomain, Stated
from xenscmi.rules.devices.missing_interrupt import lacking
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix, unsafe_fix

RULE = HostRule(
    code="XS322",
    name="unknown-irq",
    severity=Severity.ERROR,
    summary="irqs names an interrupt that no device of the host has, or none that the domain gets.",
    then='`xl create` fails: "failed give domain access to irq" (Operation not permitted)',
    xen="dom0 may pass on only the interrupts of the devices in its tree. One that belongs to a device of no domain "
    "works, but most likely it is the wrong number.",
    fix="write the GIC's number: that of the device tree plus 32 for an SPI",
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
                    message=f"irq {number} of {domain.title}: {_reason(index, domain, number)}",
                    span=irq.span,
                    fix=_fix(index, domain, irq),
                )
            elif len(index.passthrough.interrupt_owners[number]) == 1 and not index.passthrough.with_interrupt(
                domain, number
            ):
                yield Finding(
                    message=f"irq {number} of {domain.title}: no device that the domain gets has it",
                    span=irq.span,
                    severity=Severity.WARNING,
                )


def _fix(index: Index, domain: HostDomain, irq: Stated[int]) -> Fix | None:
    """Return the number that was meant: the GIC's for the device tree's, or the only one that is lacking.

    Else return the list without the interrupt.
    """
    settings = settings_of(domain)
    number = (irq.value or 0) + FIRST_SPI
    if index.passthrough.with_interrupt(domain, number) and all(each.value != number for each in domain.irqs):
        return safe_fix(
            f"Write {number} for SPI {irq.value}", xlcfg.replace_item(settings, "irqs", irq.span, str(number))
        )
    known = index.passthrough.interrupts_of_dom0
    lacked = [each for given in index.passthrough.given if given.domain is domain for each, _ in lacking(given)]
    if len(lacked) == 1 and sum(each.value not in known for each in domain.irqs) == 1:
        return safe_fix(f"Write {lacked[0]}", xlcfg.replace_item(settings, "irqs", irq.span, str(lacked[0])))
    return unsafe_fix(f"Remove {irq.value} from irqs", xlcfg.remove_item(settings, "irqs", irq.span))


def _reason(index: Index, domain: HostDomain, number: int) -> str:
    node = index.passthrough.with_interrupt(domain, number + FIRST_SPI)
    if node is not None:
        return f"{node.path} has SPI {number}, which is {number + FIRST_SPI} here"
    return "no device of the host has it"
