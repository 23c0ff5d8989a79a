"""XS406 missing-xen-path."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM, XEN_FORCE_ASSIGN
from xenscmi.bindings.properties import is_compatible
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS406",
    name="missing-xen-path",
    severity=Severity.ERROR,
    summary="A node of a dom0less domain's partial tree has xen,reg without xen,path, or the reverse.",
    then="Xen panics at boot",
    xen='Xen panics at boot: "xen,reg or xen,path missing for d…".',
    fix="write both; for memory that is not a device, such as the agent's page, write xen,reg and "
    "xen,force-assign-without-iommu",
    fixable=(Safety.SAFE,),
    bad=(Change("panel.dts", "0x0 0x22001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0x22001000>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is not DomainKind.DOM0LESS or domain.tree is None:
            continue
        for node in domain.tree.nodes:
            if node.mappings and not node.host_path and not node.forced:
                what, span = "xen,reg without xen,path or xen,force-assign-without-iommu", node.mappings.span
                fix = _force(domain.tree.tree.node(node.path))
            elif node.host_path and not node.mappings:
                what, span, fix = "xen,path without xen,reg", node.host_path.span, None
            else:
                continue
            yield Finding(message=f"{node.path} of domain {domain.name} has {what}", span=span, fix=fix)


def _force(node: Node | None) -> Fix | None:
    """Return the property that a node of shared memory lacks: an agent's page is not a device, and masters nothing."""
    if node is None or not is_compatible(node, SCMI_SHMEM):
        return None
    return rename_like(node, XEN_FORCE_ASSIGN) or safe_fix(
        f"Add {XEN_FORCE_ASSIGN};", dts.insert(node, f"{XEN_FORCE_ASSIGN};")
    )
