"""The SCMI channel that a device tree offers to its kernel, found as Linux's arm_scmi finds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenscmi.bindings.addresses import written_reg
from xenscmi.bindings.names import ALIASES, PASSTHROUGH, SCMI_SMC, SHMEM, SMC_ID
from xenscmi.bindings.properties import is_compatible, read_u32
from xenscmi.devicetree import Node, Tree
from xenscmi.record import Record

_COPIED = (ALIASES, PASSTHROUGH)


class Offer(Record):
    """A channel as a device tree offers it: the SCMI node, its function id, and the page's guest physical address.

    `node` is empty where no tree is known.
    """

    node: str
    func_id: int
    shmem: int


def offered_channel(partial: Tree) -> Offer | None:
    """Return the channel that a domain finds once libxl has copied its partial device tree."""
    return next(offers(list(copied_nodes(partial))), None)


def copied_nodes(partial: Tree) -> Iterator[Node]:
    """Yield the nodes of a partial tree that a guest gets, in order: `/aliases`, `/passthrough` and all below.

    The same for libxl (copy_partial_fdt in libxl_arm.c) and for Xen (scan_pfdt_node in dom0less-build.c).
    """
    for name in _COPIED:
        for node in partial.root.children:
            if node.path.lower() == name:
                yield from node.walk()


def offers(nodes: Sequence[Node]) -> Iterator[Offer]:
    """Yield the usable channels of a domain's device tree, in its order."""
    phandles = {phandle: node for node in nodes if (phandle := read_u32(node, "phandle")) is not None}
    for node in nodes:
        if not is_compatible(node, SCMI_SMC):
            continue
        func_id, shmem = read_u32(node, SMC_ID), read_u32(node, SHMEM)
        page = phandles.get(shmem) if shmem is not None else None
        regions = written_reg(page) if page is not None else ()
        if func_id is not None and regions:
            yield Offer(node=node.path, func_id=func_id, shmem=regions[0].address)
