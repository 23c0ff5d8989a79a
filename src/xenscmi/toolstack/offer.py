"""The SCMI channel that a device tree offers to a kernel, found as Linux's arm_scmi finds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenscmi.bindings.addresses import translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import ALIASES, PASSTHROUGH, SCMI_SMC, SHMEM, SMC_ID
from xenscmi.bindings.properties import is_available, is_compatible, read_u32
from xenscmi.devicetree import Node, Tree
from xenscmi.record import Record

_COPIED = (ALIASES, PASSTHROUGH)


class Offer(Record):
    """A channel as a device tree offers it: the SCMI node, its function id, and the page's guest physical address.

    `node` is empty if the tree is not known.
    """

    node: str
    func_id: int
    shmem: int


def offered_channel(partial: Tree) -> Offer | None:
    """Return the channel that a domain finds after libxl has copied its partial device tree."""
    return next(offers(list(copied_nodes(partial))), None)


def copied_nodes(partial: Tree) -> Iterator[Node]:
    """Yield the nodes of a partial tree that a guest gets, in order: `/aliases`, `/passthrough` and all below.

    libxl (copy_partial_fdt in libxl_arm.c) and Xen (scan_pfdt_node in dom0less-build.c) copy the same nodes.
    """
    for name in _COPIED:
        for node in partial.root.children:
            if node.path.lower() == name:
                yield from node.walk()


def offers(nodes: Sequence[Node]) -> Iterator[Offer]:
    """Yield the usable channels of a domain's device tree, in its order."""
    phandles = {phandle: node for node in nodes if (phandle := read_u32(node, "phandle")) is not None}
    for node in nodes:
        if not is_compatible(node, SCMI_SMC) or not is_available(node):
            continue
        func_id, shmem = read_u32(node, SMC_ID), read_u32(node, SHMEM)
        page = phandles.get(shmem) if shmem is not None else None
        address = _address(page) if page is not None else None
        if func_id is not None and address is not None:
            yield Offer(node=node.path, func_id=func_id, shmem=address)


def _address(page: Node) -> int | None:
    """Return a page's guest physical address: pages are children of a `mmio-sram` with `ranges`.

    An address that does not translate is taken as written.
    """
    try:
        return translate(page).address
    except BindingError:
        regions = written_reg(page)
    return regions[0].address if regions else None
