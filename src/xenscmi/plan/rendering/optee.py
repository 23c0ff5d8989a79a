"""`firmware/optee/`: tables for the SCMI server of OP-TEE (core/drivers/scmi-msg)."""

from __future__ import annotations

from xenscmi.plan.allocation import Allocation
from xenscmi.plan.rendering import c_tables


def render(allocation: Allocation) -> dict[str, str]:
    """Return the files."""
    return {
        "firmware/optee/plan_scmi_tables.h": c_tables.header(allocation, "drivers/scmi-msg.h"),
        "firmware/optee/plan_scmi_tables.c": c_tables.source(allocation, "{{ .pa = {}U }}"),
    }
