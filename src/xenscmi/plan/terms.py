"""Device-tree names and numbers that only a plan needs; Xen's and SCMI's bindings are in `bindings.names`."""

from __future__ import annotations

from xenscmi.bindings import names
from xenscmi.config.types.enums import ArmSciType

MULTI_AGENT = ArmSciType.SCMI_SMC_MULTIAGENT.text
SCMI_DEVID = "scmi_devid"
"""EPAM's products for R-Car: a device's SCMI id, on the device."""
SCMI_COMPATIBLES = frozenset(("arm,scmi", names.SCMI_SMC, names.SCMI_SMC_PARAM, "linaro,scmi-optee"))
"""SCMI nodes whatever the transport: their protocols' cells are SCMI ids already."""
GIC_PHANDLE = 65000
"""The phandle that Xen and libxl give to a guest's interrupt controller (GUEST_PHANDLE_GIC)."""
XEN_KEEPS = names.REPLACED_FOR_DOM0 | names.XEN_IOMMUS | (names.SKIPPED_FOR_DOM0 - {names.XEN_SCI})
"""What Xen gives to no domain, or makes anew for each."""
