"""XS316 shared-interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import InterruptOwner
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS316",
    name="shared-interrupt",
    severity=Severity.ERROR,
    summary="Two domains get the same interrupt.",
    then="Xen refuses to create the second domain (-16)",
    xen='An interrupt has one owner: "IRQ … is already used by domain …". dom0 gets the interrupts of every device '
    "that it keeps, including disabled ones, and a dom0less domain those of the nodes that xen,path names. For a "
    "dom0less domain Xen panics at boot (-16); `xl create` fails.",
    fix="give both devices that share the line to one domain, or mark the other one's node xen,passthrough",
    bad=(Change("host.dts", "interrupts = <0 49 4>;", "interrupts = <0 51 4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for number, owners in index.passthrough.interrupt_owners.items():
        first = owners[0]
        for other in owners[1:]:
            if other.domain is first.domain or (other.node is not None and other.node is first.node):
                continue  # two devices of one domain may share a line; one device is shared-device, device-left-to-dom0
            yield Finding(
                message=f"interrupt {number} (SPI {number - FIRST_SPI}) goes to {_name(first)} and to {_name(other)}",
                span=other.span,
                related=also("first given here", first.span),
            )


def _name(owner: InterruptOwner) -> str:
    device = f" with {owner.node.path}" if owner.node and owner.domain.kind is not DomainKind.TOOLSTACK else ""
    return f"{owner.domain.title}{device}"
