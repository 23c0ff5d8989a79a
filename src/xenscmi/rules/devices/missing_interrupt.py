"""XS314 missing-interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI, InterruptEntry
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice, guest_interrupts, spis
from xenscmi.host.types import DomainKind
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if

RULE = HostRule(
    code="XS314",
    name="missing-interrupt",
    severity=Severity.ERROR,
    summary="A domain gets a device by dtdev, but irqs lacks one of its interrupts.",
    then="the guest's driver waits for an interrupt that never comes",
    xen="dtdev routes no interrupts; only irqs does. Xen says nothing.",
    fix="add the interrupt to irqs, by the GIC's number: that of the device tree plus 32 for an SPI",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("guest.cfg", "irqs = [ 82 ]\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        domain = given.domain
        for number, entry in lacking(given):
            yield Finding(
                message=f"{given.node.path} of {domain.title} has interrupt {number} (SPI {number - FIRST_SPI}), "
                "which irqs lacks",
                span=domain.irqs_span or given.span,
                related=also("the interrupt", entry.span),
                fix=_add(index, given, number),
            )


def lacking(given: GivenDevice) -> Iterator[tuple[int, InterruptEntry]]:
    """Yield the interrupts of a device that its domain does not get, by the GIC's numbers."""
    if given.domain.kind is not DomainKind.TOOLSTACK:
        return
    irqs = {irq.value for irq in given.domain.irqs}
    # A guest's node may leave interrupts out that its driver does not need.
    used = {each.number for each in guest_interrupts(given.guest)} if given.guest else set()
    for number, entry in spis(given.node):
        if number not in irqs and (not used or number in used):
            yield number, entry


def _add(index: Index, given: GivenDevice, number: int) -> Fix | None:
    """Return the list with the interrupt: safe if the guest's node has it. A number of no device was meant to be it."""
    domain = given.domain
    if given.guest is None and domain.tree is not None:
        return None  # missing-guest-node
    if any(irq.value not in index.passthrough.interrupts_of_dom0 for irq in domain.irqs):
        return None  # unknown-irq
    edit = xlcfg.append(settings_of(domain), "irqs", str(number), behind="dtdev")
    return fix_if(given.guest is not None, f"Add {number} to irqs", edit)
