"""`firmware/tfa/`: tables for the SCMI server of TF-A (drivers/scmi-msg), EPAM's included.

`plat_scmi_get_channel` returns a row of plan_scmi_channels; what BASE_SET_DEVICE_PERMISSIONS and
RESET_AGENT_CONFIGURATION need is in plan_scmi_devices.
"""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering import c_tables


def render(allocation: Allocation) -> dict[str, str]:
    """Return the files."""
    return {
        "firmware/tfa/plan_scmi_tables.h": c_tables.header(allocation, "drivers/scmi-msg.h"),
        "firmware/tfa/plan_scmi_tables.c": c_tables.source(allocation, "{}U"),
    }
