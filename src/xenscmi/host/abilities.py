"""What the machine can do for libxl, by its device tree."""

from __future__ import annotations

from xenscmi.bindings.names import GIC_V3, IOMMU_CELLS, XEN_IOMMUS
from xenscmi.bindings.properties import is_available, is_compatible, is_for_passthrough
from xenscmi.config.capabilities import HostCapabilities
from xenscmi.config.types.enums import GicVersion
from xenscmi.devicetree import Node, Tree
from xenscmi.devicetree.once import once
from xenscmi.host.types import DomainKind, Host


def capabilities_of(host: Host) -> HostCapabilities:
    """Return what libxl would hear of a host that has just booted.

    That is whether an IOMMU is in use (`cap_hvm_directio`), and the names of its domains. The rest is that of the host
    on which the vectors were recorded.
    """
    iommu = host.tree is None or _uses_iommu(host.tree)
    booted = [domain for domain in host.domains if domain.kind is not DomainKind.TOOLSTACK]
    names = ["Domain-0" if domain.is_dom0 else domain.name for domain in booted]
    first = 0 if booted and booted[0].is_dom0 else 1
    return HostCapabilities(cap_hvm_directio=iommu, domains=tuple(enumerate(names, first)))


@once
def gic_version_of(tree: Tree) -> GicVersion:
    """Return the version of the machine's interrupt controller, which its guests get too."""
    v3 = any(is_compatible(node, GIC_V3) for node in tree.walk())
    return GicVersion.V3 if v3 else GicVersion.V2


@once
def _uses_iommu(tree: Tree) -> bool:
    return any(_is_used_iommu(node) for node in tree.walk())


def _is_used_iommu(node: Node) -> bool:
    """Return whether Xen drives a node as an IOMMU (iommu_hardware_setup in xen/drivers/passthrough/arm/iommu.c).

    Any node of the IOMMU binding counts: a Xen may be built with drivers of its own. Old SMMUs lack `#iommu-cells`.
    """
    known = IOMMU_CELLS in node or is_compatible(node, *XEN_IOMMUS)
    return known and is_available(node) and not is_for_passthrough(node)
