"""XS233 no-hardware-domain."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import CAPABILITY_CONTROL, CHOSEN
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS233",
    name="no-hardware-domain",
    severity=Severity.ERROR,
    summary="A domain of the toolstack is to get registers or interrupts of the host, but no domain has them to give.",
    then='`xl create` fails: "failed give domain access to …" (Operation not permitted)',
    xen="Registers and interrupts come from the hardware domain: dom0, or a node with the capability 0x2. If every "
    "kernel below /chosen belongs to a dom0less domain, there is no dom0; without a control domain (dom0, or the "
    "capability 0x1) nobody can run xl at all.",
    fix="add dom0's kernel to /chosen, give the control domain's node the capability 0x2 as well, or leave the xl.cfg "
    "out of this host",
    bad=(
        Change(
            "host.dts",
            """\
		module@50000000 {
			compatible = "multiboot,kernel", "multiboot,module";
			reg = <0x0 0x50000000 0x0 0x1000000>;
		};
""",
            "",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.tree is None or index.dom0 is not None:
        return
    chosen = index.host.tree.node(CHOSEN)
    kernels = also("no kernel here is dom0's", chosen.span if chosen else None)
    controlled = any(_controls(domain) for domain in index.host.domains)
    for domain in index.host.domains:
        if domain.kind is not DomainKind.TOOLSTACK:
            continue
        given = [each.span for each in domain.irqs] + [each.span for each in domain.iomem]
        if given:
            yield Finding(
                message=f"{domain.title} cannot get this: the host has no hardware domain",
                span=given[0],
                related=kernels,
            )
        elif not controlled:
            yield Finding(
                message=f"{domain.title} is created by xl, but no domain of this host can run xl",
                span=domain.span,
                related=kernels,
                severity=Severity.WARNING,
            )


def _controls(domain: HostDomain) -> bool:
    stated = domain.capabilities
    return stated is not None and bool((stated.value or 0) & CAPABILITY_CONTROL)
