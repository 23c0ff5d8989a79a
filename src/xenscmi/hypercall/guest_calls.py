"""The hypercalls beside domctl and sysctl that building a guest needs (xen/include/public/memory.h and its like)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from xenscmi.hypercall.libraries import Hypercalls

_MEMORY_OP, _EVENT_CHANNEL_OP, _HVM_OP = 12, 32, 34
_XENMEM_POPULATE_PHYSMAP, _EVTCHNOP_ALLOC_UNBOUND, _HVMOP_SET_PARAM = 6, 6, 0

# HVM_PARAM_* (xen/include/public/hvm/params.h)
CALLBACK_IRQ, STORE_PFN, STORE_EVTCHN, CONSOLE_PFN, CONSOLE_EVTCHN, MONITOR_RING_PFN = 0, 1, 2, 17, 18, 28


def populate_physmap(hypercalls: Hypercalls, domid: int, gfns: Sequence[int], order: int) -> int:
    """Give a guest memory: 2**order pages from each of these frames on. Return how many of them Xen could serve."""
    with (
        hypercalls.buffer(struct.pack(f"<{len(gfns)}Q", *gfns)) as frames,
        hypercalls.buffer(struct.pack("<QQIIH6x", frames.address, len(gfns), order, 0, domid)) as request,
    ):
        return hypercalls.call("populate_physmap", _MEMORY_OP, _XENMEM_POPULATE_PHYSMAP, request.address)


def alloc_unbound(hypercalls: Hypercalls, domid: int, remote_domid: int) -> int:
    """Return a new event channel's port of a domain, for the other domain to bind to."""
    with hypercalls.buffer(struct.pack("<HHI", domid, remote_domid, 0)) as request:
        hypercalls.call("alloc_unbound", _EVENT_CHANNEL_OP, _EVTCHNOP_ALLOC_UNBOUND, request.address)
        port: int = struct.unpack_from("<I", request.read(), 4)[0]
        return port


def set_hvm_param(hypercalls: Hypercalls, domid: int, index: int, value: int) -> None:
    """Set one of a domain's parameters, HVM_PARAM_*."""
    with hypercalls.buffer(struct.pack("<HHIQ", domid, 0, index, value)) as request:
        hypercalls.call("set_param", _HVM_OP, _HVMOP_SET_PARAM, request.address)
