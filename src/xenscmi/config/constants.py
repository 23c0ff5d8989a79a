"""Numbers of libxl and Xen that have a meaning of their own, wherever they appear."""

from __future__ import annotations

# Bytes in a page of memory and of a guest frame (XC_PAGE_SIZE); address to frame; the offset in a page.
PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
PAGE_MASK = PAGE_SIZE - 1
# libxl is to choose: LIBXL_MEMKB_DEFAULT, and the initial value of many fields of 32 bits.
MEMKB_DEFAULT = (1 << 64) - 1
UINT32_DEFAULT = (1 << 32) - 1
# No guest frame is given: the memory is mapped at the host's own frame (LIBXL_INVALID_GFN).
INVALID_GFN = (1 << 64) - 1
# Agent ids are below this (SCMI_AGENT_ID_INVALID).
INVALID_AGENT_ID = 255
# The bits of grant_opts that hold the version (XEN_DOMCTL_GRANT_version_mask).
GRANT_VERSION_MASK = 0xF
# The most virtual CPUs that Xen on Arm gives a domain, with a GICv3 and with a GICv2 (xen/arch/arm/domain.c).
MAX_VIRT_CPUS = 128
MAX_VIRT_CPUS_GIC_V2 = 8
