"""XS226 too-many-vcpus."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import GICS_V2
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import MAX_VIRT_CPUS, MAX_VIRT_CPUS_GIC_V2
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule

EINVAL = 22

RULE = HostRule(
    code="XS226",
    name="too-many-vcpus",
    severity=Severity.ERROR,
    summary="A domain has more virtual CPUs than Xen allows on this host.",
    xen="Xen allows 128 virtual CPUs, and 8 on a host with a GICv2. It refuses the domain (-EINVAL): for a dom0less "
    "domain it panics at boot; `xl create` fails.",
    fix="give the domain fewer virtual CPUs: vcpus and maxvcpus, or for a dom0less domain cpus",
    bad=(Change("guest.cfg", "vcpus = 1", "vcpus = 129"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    tree = index.host.tree
    gicv2 = tree is not None and _has_gicv2(tree)
    most, why = (MAX_VIRT_CPUS_GIC_V2, " with a GICv2") if gicv2 else (MAX_VIRT_CPUS, "")
    for domain in index.host.domains:
        vcpus = domain.vcpus
        if domain.kind is not DomainKind.DOM0 and vcpus is not None and vcpus.value is not None and vcpus.value > most:
            yield Finding(
                message=f"{domain.title} has {vcpus.value} virtual CPUs, but Xen allows {most}{why}: "
                + refusal(domain, EINVAL),
                span=vcpus.span,
            )


@once
def _has_gicv2(tree: Tree) -> bool:
    return any(is_compatible(node, *GICS_V2) for node in tree.walk())
