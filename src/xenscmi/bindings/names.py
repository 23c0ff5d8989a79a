"""The names of Xen's and SCMI's bindings.

Sources: docs/misc/arm/device-tree/booting.txt of the series and of Xen, docs/misc/arm/passthrough.txt, and Linux's
Documentation/devicetree/bindings/firmware/arm,scmi.yaml.
"""

from __future__ import annotations

# SCMI
SCMI_SMC = "arm,scmi-smc"
SCMI_SMC_PARAM = "arm,scmi-smc-param"
SCMI_SHMEM = "arm,scmi-shmem"
SMC_ID = "arm,smc-id"
SHMEM = "shmem"
ACCESS_CONTROLLERS = "access-controllers"
ACCESS_CONTROLLER_CELLS = "#access-controller-cells"

# The container that tells Xen about the agents
XEN_SCI = "xen,sci"
SECONDARY_AGENTS = "scmi-secondary-agents"
SECONDARY_AGENTS_CELLS = "#scmi-secondary-agents-cells"
SECONDARY_AGENTS_CELLS_DEFAULT = 3
DOM0_AGENT_ID = "xen,dom0-sci-agent-id"

# The same in older versions of the series (`Dialect`)
SECONDARY_AGENTS_V4 = "xen,scmi-secondary-agents"
SECONDARY_AGENTS_EPAM = "epam,secondary-agents"
SCMI_DEVID = "scmi_devid"
CONFIG_NODE_V5 = "/chosen/xen,config"

# Domains
CHOSEN = "/chosen"
FIRMWARE_SCMI = "/firmware/scmi"
"""dom0's SCMI node: the path that Xen looks at, and no other."""
XEN_DOMAIN = "xen,domain"
CAPABILITIES = "capabilities"
CAPABILITY_CONTROL, CAPABILITY_HARDWARE, CAPABILITY_XENSTORE = 1, 2, 4
ALL_CAPABILITIES = 7
"""What a domain may be trusted with, as bits (xen/include/public/bootfdt.h); a traditional dom0 has them all."""
SCI_TYPE = "xen,sci_type"
SCI_AGENT_ID = "xen,sci-agent-id"
SCI_AGENT_ID_V5 = "xen,sci_agent_id"
ARM_SCI_EPAM = "xen,arm_sci"
XEN_BOOTARGS = "xen,xen-bootargs"
BOOTARGS = "bootargs"
SMC_PASSTHROUGH = "scmi-smc-passthrough"
"""The option of Xen's driver for a single agent with which a guest, and not dom0, has it."""
STDOUT_PATH = "stdout-path"

# Boot modules
MULTIBOOT_MODULE = "multiboot,module"
MULTIBOOT_KERNEL = "multiboot,kernel"
MULTIBOOT_RAMDISK = "multiboot,ramdisk"
MULTIBOOT_DEVICE_TREE = "multiboot,device-tree"
MULTIBOOT_MICROCODE = "multiboot,microcode"
XEN_MULTIBOOT_MODULE = "xen,multiboot-module"
XEN_LINUX_ZIMAGE = "xen,linux-zimage"
XEN_LINUX_INITRD = "xen,linux-initrd"
XEN_XSM_POLICY = "xen,xsm-policy"

# Passthrough: in the host's tree, and in a partial tree
XEN_PASSTHROUGH = "xen,passthrough"
PASSTHROUGH = "/passthrough"
ALIASES = "/aliases"
XEN_REG = "xen,reg"
XEN_PATH = "xen,path"
XEN_FORCE_ASSIGN = "xen,force-assign-without-iommu"

# Memory and the machine
RESERVED_MEMORY = "/reserved-memory"
GIC_V3 = "arm,gic-v3"
GICS_V2 = ("arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,gic-400")
GICS = (*GICS_V2, GIC_V3)
"""Compatible strings of the interrupt controllers that Xen drives."""
IOMMU_CELLS = "#iommu-cells"
IOMMUS = "iommus"

SKIPPED_FOR_DOM0 = frozenset(
    (
        XEN_DOMAIN,
        "xen,domain-shared-memory-v1",
        "xen,evtchn-v1",
        "xen,xen",
        XEN_MULTIBOOT_MODULE,
        MULTIBOOT_MODULE,
        "arm,psci",
        "arm,psci-0.2",
        "arm,psci-1.0",
        "arm,cortex-a7-pmu",
        "arm,cortex-a15-pmu",
        "arm,cortex-a53-edac",
        "arm,armv8-pmuv3",
        "arm,armv7-timer-mem",
        XEN_SCI,
    )
)
"""Compatible strings of nodes that dom0 does not get (handle_node in xen/arch/arm/domain_build.c)."""

REPLACED_FOR_DOM0 = frozenset(
    (
        "arm,armv7-timer",
        "arm,armv8-timer",
        *GICS,
    )
)
"""Compatible strings of nodes that Xen replaces by its own: the timer and the interrupt controller."""

XEN_IOMMUS = frozenset(
    (
        "arm,mmu-400",
        "arm,mmu-401",
        "arm,mmu-500",
        "arm,smmu-v1",
        "arm,smmu-v2",
        "arm,smmu-v3",
        "renesas,ipmmu-r8a7795",
        "renesas,ipmmu-r8a7796",
        "renesas,ipmmu-r8a77961",
        "renesas,ipmmu-r8a77965",
        "renesas,ipmmu-r8a779f0",
        "renesas,ipmmu-r8a779g0",
    )
)
"""Compatible strings of the IOMMUs that Xen drives and keeps to itself (xen/drivers/passthrough/arm)."""

RESOURCE_CELLS = {
    "clocks": "#clock-cells",
    "assigned-clocks": "#clock-cells",
    "resets": "#reset-cells",
    "power-domains": "#power-domain-cells",
}
"""Properties that use resources of an SCMI protocol → what counts the arguments of an entry."""
