"""XS315 wrong-guest-interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI, INTERRUPTS, INTERRUPTS_EXTENDED
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_interrupts, spis
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS315",
    name="wrong-guest-interrupt",
    severity=Severity.ERROR,
    summary="A device has different interrupts in the partial tree and in the host tree.",
    then="the guest's driver waits for an interrupt that never comes",
    xen="Xen gives a guest the host's interrupts by their own numbers, and copies the guest's node without comparing.",
    fix="copy interrupts from the device's node in the host tree",
    bad=(Change("panel.dts", "interrupts = <0 51 4>;", "interrupts = <0 52 4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        host = dict(spis(given.node))
        guest = given.guest
        if guest is None:
            continue
        for each in guest_interrupts(guest):
            if each.number not in host:
                has = ", ".join(str(number - FIRST_SPI) for number in host) or "none"
                yield Finding(
                    message=f"{guest.path} of {given.domain.title} has SPI {each.number - FIRST_SPI}, "
                    f"but {given.node.path} has {has}",
                    span=each.span,
                    related=also("the host's interrupt", *(entry.span for entry in host.values())),
                )
        if host and INTERRUPTS not in guest and INTERRUPTS_EXTENDED not in guest:
            yield Finding(
                message=f"{guest.path} of {given.domain.title} has no interrupts, but {given.node.path} has",
                span=guest.span,
                related=also("the host's interrupt", *(entry.span for entry in host.values())),
                severity=Severity.WARNING,
                then="the guest's driver gets none",
            )
