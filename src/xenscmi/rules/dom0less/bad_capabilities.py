"""XS413 bad-capabilities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, islice

from xenscmi.bindings.names import (
    ALL_CAPABILITIES,
    CAPABILITIES,
    CAPABILITY_HARDWARE,
    CHOSEN,
    MULTIBOOT_DEVICE_TREE,
    XEN_DOMAIN,
)
from xenscmi.bindings.properties import is_compatible, read_string, read_u32
from xenscmi.devicetree import Node, Property
from xenscmi.diagnostics import Severity
from xenscmi.domctl.releases import DOMAIN_CAPABILITIES
from xenscmi.host.abilities import capabilities_of
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS413",
    name="bad-capabilities",
    severity=Severity.ERROR,
    summary="A dom0less domain has capabilities that Xen refuses, or that this Xen does not know.",
    xen='Xen panics at boot: "Invalid capabilities (…)", "Only 1 hardware domain can be specified! (…)" (dom0 is one), '
    '"Don\'t specify passthrough for hardware domain", "non-direct mapped hardware domain requires iommu", '
    '""multiboot,device-tree" incompatible with hardware domain" (that module may be any behind the node, another '
    'domain\'s too), or "nr_spis cannot be specified for hardware domain". Before 4.21, Xen ignores the property '
    "without a word.",
    fix="write the sum of 0x1 (control), 0x2 (hardware, one domain only) and 0x4 (xenstore, one domain only)",
    bad=(Change("host.dts", "cpus = <1>;", "cpus = <1>;\n\t\t\tcapabilities = <0x8>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host = index.host
    chosen = host.tree.node(CHOSEN) if host.tree else None
    first = 0 if any(domain.is_dom0 for domain in host.domains) else None
    nodes = [node for node in (chosen.children if chosen else ()) if is_compatible(node, XEN_DOMAIN)]
    for domid, node in enumerate(nodes, 1):
        prop, value = node.get(CAPABILITIES), read_u32(node, CAPABILITIES)
        if prop is None:
            continue
        if not DOMAIN_CAPABILITIES.is_in(host.xen.release):
            yield Finding(
                message=f"domain {node.name} has capabilities, which Xen {host.xen.name} does not know",
                span=prop.span,
                severity=Severity.WARNING,
                then="Xen ignores them, and the domain has no privilege",
                help="use Xen 4.21 or later, and state it in host.toml ([xen] profile)",
            )
        elif value is None or value & ~ALL_CAPABILITIES:
            yield _not_capabilities(node, prop, value)
        elif value & CAPABILITY_HARDWARE and first is not None:
            yield Finding(
                message=f"domain {node.name} is a second hardware domain",
                span=prop.span,
                then=f'Xen panics: "Only 1 hardware domain can be specified! (d{first})"',
                help="remove dom0's kernel from /chosen, or take 0x2 out of the capabilities of all domains but one",
            )
        elif value & CAPABILITY_HARDWARE:
            yield from islice(_of_hardware_domain(index, node, prop), 1)
            first = domid


def _not_capabilities(node: Node, prop: Property, value: int | None) -> Finding:
    if value is None:
        return Finding(
            message=f"capabilities of domain {node.name} is not a cell",
            span=prop.span,
            severity=Severity.WARNING,
            then="Xen ignores it, and the domain has no privilege",
        )
    return Finding(
        message=f"capabilities of domain {node.name} are {value:#x}, of which Xen does not know all",
        span=prop.span,
        then=f'Xen panics: "Invalid capabilities ({value:x})"',
    )


def _of_hardware_domain(index: Index, node: Node, prop: Property) -> Iterator[Finding]:
    """Yield what keeps a domain from being the hardware domain, in the order in which Xen looks at it."""
    passthrough, nr_spis = node.get("passthrough"), node.get("nr_spis")
    behind = dropwhile(lambda each: each is not node, node.tree.walk())
    module = next((each for each in behind if is_compatible(each, MULTIBOOT_DEVICE_TREE)), None)
    name = f"domain {node.name}, the hardware domain,"
    if passthrough is not None and read_string(node, "passthrough") is not None:
        yield Finding(
            message=f"{name} has passthrough",
            span=passthrough.span,
            then='Xen panics: "Don\'t specify passthrough for hardware domain"',
            help="remove passthrough: the hardware domain uses the IOMMU always",
        )
    if "direct-map" not in node and not capabilities_of(index.host).cap_hvm_directio:
        yield Finding(
            message=f"{name} is on a machine without an IOMMU, and not mapped 1:1",
            span=prop.span,
            then='Xen panics: "non-direct mapped hardware domain requires iommu"',
            help="add direct-map; and xen,static-mem = <…>;",
        )
    if module is not None:
        yield Finding(
            message=f"{name} stands before {module.path}, a partial device tree",
            span=module.span,
            then=f'Xen panics: ""{MULTIBOOT_DEVICE_TREE}" incompatible with hardware domain"',
            help="write the hardware domain's node behind all domains with partial device trees",
        )
    if nr_spis is not None:
        yield Finding(
            message=f"{name} has nr_spis",
            span=nr_spis.span,
            then='Xen panics: "nr_spis cannot be specified for hardware domain"',
            help="remove nr_spis: the hardware domain has all that the machine has",
        )
