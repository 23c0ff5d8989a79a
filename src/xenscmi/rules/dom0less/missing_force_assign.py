"""XS407 missing-force-assign."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

_IOMMU = ("iommus", "mmu-masters", "iommu-map")

RULE = HostRule(
    code="XS407",
    name="missing-force-assign",
    severity=Severity.ERROR,
    summary="A dom0less domain gets a device without an IOMMU, and its node does not allow that.",
    then="Xen panics at boot",
    xen="Xen cannot protect the assignment and panics at boot. It grants nothing.",
    fix="add xen,force-assign-without-iommu; if the device may work without an IOMMU",
    bad=(Change("panel.dts", "0x0 0xe0001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0xe0001000>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is not DomainKind.DOM0LESS or domain.tree is None:
            continue
        for node in domain.tree.nodes:
            path = node.host_path.value if node.host_path else None
            device = index.passthrough.node(path)
            if device is None or node.host_path is None or node.forced or node.mappings is None:
                continue
            if not any(name in device for name in _IOMMU):
                yield Finding(
                    message=f"{path} is not behind an IOMMU, and {node.path} has no xen,force-assign-without-iommu",
                    span=node.host_path.span,
                    related=also("the device", device.span),
                )
