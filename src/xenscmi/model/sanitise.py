"""What Xen on Arm refuses of a createdomain before it looks at SCMI, all with EINVAL.

After sanitise_domain_config (xen/common/domain.c) and arch_sanitise_domain_config (xen/arch/arm/domain.c).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from xenscmi.bindings.names import GIC_V3 as GIC_V3_NODE
from xenscmi.bindings.names import IOMMU_CELLS
from xenscmi.bindings.properties import find_compatible, is_available
from xenscmi.config.constants import MAX_VIRT_CPUS, MAX_VIRT_CPUS_GIC_V2
from xenscmi.devicetree import Tree
from xenscmi.domctl.createdomain import FLAGS, CreateDomain
from xenscmi.toolstack.backend import XenError

GIC_NATIVE, GIC_V2, GIC_V3 = 0, 1, 2
MAX_SPIS = 960

HVM, HAP, XS_DOMAIN, IOMMU, VPMU, TRAP_UNMAPPED = (
    1 << FLAGS.index(name) for name in ("hvm", "hap", "xs_domain", "iommu", "vpmu", "trap_unmapped_accesses")
)
REQUIRED = HVM | HAP
OPTIONAL = XS_DOMAIN | IOMMU | VPMU | TRAP_UNMAPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What the machine has: the GIC's version as createdomain numbers it, and whether there is an IOMMU."""

    gic_version: int
    iommu: bool


def read_abilities(tree: Tree) -> Abilities:
    """Return what a host's device tree says of the machine."""
    gic_v3 = find_compatible(tree, GIC_V3_NODE) is not None
    iommu = any(IOMMU_CELLS in node and is_available(node) for node in tree.walk())
    return Abilities(gic_version=GIC_V3 if gic_v3 else GIC_V2, iommu=iommu)


def sanitise(config: CreateDomain, machine: Abilities) -> None:
    """Raise XenError(EINVAL) for a domain that this machine cannot have."""
    gic_version = config.arch_gic_version or machine.gic_version
    max_vcpus = MAX_VIRT_CPUS if gic_version == GIC_V3 else MAX_VIRT_CPUS_GIC_V2
    refused = (
        config.flags & ~OPTIONAL != REQUIRED,
        bool(config.flags & IOMMU) and not machine.iommu,
        not 1 <= config.max_vcpus <= max_vcpus,
        gic_version not in (GIC_V2, GIC_V3),
        config.iommu_opts != 0,
        config.vmtrace_size != 0,
        config.altp2m_opts != 0 or config.altp2m_nr != 0,
        config.arch_sve_vl != 0,
        config.arch_tee_type != 0,
        config.arch_nr_spis > MAX_SPIS,
    )
    if any(refused):
        raise XenError(errno.EINVAL)


def boot_config(sci_type: int, agent_id: int, nr_spis: int, max_vcpus: int = 1) -> CreateDomain:
    """Return the configuration of a plain domain, such as Xen itself makes at boot."""
    return CreateDomain(
        flags=REQUIRED,
        max_vcpus=max_vcpus,
        arch_nr_spis=nr_spis,
        arch_arm_sci_type=sci_type,
        arch_arm_sci_agent_id=agent_id,
    )
