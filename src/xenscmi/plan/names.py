"""The device-tree names that a plan reads and writes: Xen's, SCMI's, and the generic ones that it must treat."""

from __future__ import annotations

XEN_SCI = "xen,sci"
XEN_DOMAIN = "xen,domain"
XEN_PASSTHROUGH = "xen,passthrough"
XEN_REG = "xen,reg"
XEN_PATH = "xen,path"
XEN_FORCE = "xen,force-assign-without-iommu"
AGENT_LIST = "scmi-secondary-agents"
AGENT_LIST_CELLS = "#scmi-secondary-agents-cells"
DOM0_AGENT = "xen,dom0-sci-agent-id"
SCI_TYPE = "xen,sci_type"
SCI_AGENT = "xen,sci-agent-id"
MULTI_AGENT = "scmi_smc_multiagent"

SCMI_SMC = "arm,scmi-smc"
SCMI_SHMEM = "arm,scmi-shmem"
SMC_ID = "arm,smc-id"
SCMI_COMPATIBLES = frozenset(("arm,scmi", "arm,scmi-smc", "arm,scmi-smc-param", "linaro,scmi-optee"))
ACCESS_CONTROLLERS = "access-controllers"
ACCESS_CONTROLLER_CELLS = "#access-controller-cells"
SCMI_DEVID = "scmi_devid"
FIRMWARE_SCMI = "/firmware/scmi"

GIC_PHANDLE = 65000
"""The phandle that Xen and libxl give to a guest's interrupt controller (GUEST_PHANDLE_GIC)."""
FIRST_SPI = 32
GIC_COMPATIBLES = frozenset(
    ("arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,cortex-a9-gic")
)
XEN_IOMMUS = frozenset(
    (
        "arm,mmu-400",
        "arm,mmu-401",
        "arm,mmu-500",
        "arm,smmu-v1",
        "arm,smmu-v2",
        "arm,smmu-v3",
        "renesas,ipmmu-r8a7795",
        "renesas,ipmmu-r8a77961",
        "renesas,ipmmu-r8a77965",
        "renesas,ipmmu-r8a7796",
        "renesas,ipmmu-r8a779f0",
        "renesas,ipmmu-r8a779g0",
    )
)
"""IOMMUs that Xen has a driver for (xen/drivers/passthrough/arm)."""
XEN_KEEPS = (
    GIC_COMPATIBLES
    | XEN_IOMMUS
    | frozenset(("arm,armv7-timer", "arm,armv8-timer", "arm,psci", "arm,psci-0.2", "arm,psci-1.0", "arm,armv8-pmuv3"))
)
"""What Xen gives to no domain, or makes anew for each (xen/arch/arm/domain_build.c, handle_node)."""
