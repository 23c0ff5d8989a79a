"""Partial device trees: what a domain is given besides what Xen or libxl makes.

libxl copies `/passthrough` and `/aliases` (tools/libs/light/libxl_arm.c, copy_partial_fdt); Xen does the same for
dom0less domains and carries out `xen,reg`, `xen,path` and `xen,force-assign-without-iommu` on the way
(xen/common/device-tree/dom0less-build.c).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xenscmi.bindings.addresses import mapping_cells, written_reg
from xenscmi.bindings.names import PASSTHROUGH, RESOURCE_CELLS, SCMI_SHMEM, XEN_FORCE_ASSIGN, XEN_PATH, XEN_REG
from xenscmi.bindings.properties import is_compatible
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Property, ShapeError, Tree, split_cells
from xenscmi.host.properties import string, u32
from xenscmi.host.scmi_nodes import read_scmi_node, scmi_compatible
from xenscmi.host.types import GuestMapping, GuestNode, PartialTree, ResourceUse, Stated

_KINDS = {"assigned-clocks": "clocks"}


@once
def read_partial_tree(tree: Tree) -> PartialTree:
    """Return what a partial device tree says."""
    passthrough = tree.node(PASSTHROUGH)
    scmi_nodes = [node for node in tree.walk() if scmi_compatible(node)]
    return PartialTree(
        scmi_nodes=tuple(read_scmi_node(node, guest=True, kept=_kept(node)) for node in scmi_nodes),
        nodes=tuple(found for node in (passthrough.walk() if passthrough else ()) if (found := _read(node))),
        has_passthrough=passthrough is not None,
        tree=tree,
        span=tree.root.span,
    )


def _kept(node: Node) -> bool:
    return node.path.startswith(PASSTHROUGH + "/")


def _read(node: Node) -> GuestNode | None:
    resources = resource_uses(node)
    asks = [name for name in (XEN_REG, XEN_PATH, XEN_FORCE_ASSIGN) if name in node]
    if not resources and not asks and not is_compatible(node, SCMI_SHMEM):
        return None
    return GuestNode(
        path=node.path,
        host_path=string(node, XEN_PATH),
        mappings=_mappings(regions) if (regions := node.get(XEN_REG)) else None,
        forced=XEN_FORCE_ASSIGN in node,
        address=_address(node),
        resources=resources,
        span=node.span,
    )


def _mappings(prop: Property) -> Stated[tuple[GuestMapping, ...]]:
    """Return the whole rows of `xen,reg`: host address, size, guest address, in cells of the parent (2 and 1)."""
    parent = prop.node.parent
    assert parent is not None
    address, size = mapping_cells(prop.node)
    columns, width = (address, size, address), 2 * address + size
    hint = f"a row is host address, size, guest address; in {parent.path} an address has {address} cells, a size {size}"
    problem = None
    try:
        prop.rows(*columns, hint=hint)
    except ShapeError as error:
        problem = error.diagnostic
    whole = len(prop.value) // 4 // width * width if 0 < address < 3 and 0 < size < 3 else 0
    cells = struct.unpack_from(f">{whole}I", prop.value)
    rows = [split_cells(cells[at : at + width], columns) for at in range(0, whole, width or 1)]
    places = [prop.place(4 * width * row, 4 * width) for row in range(len(rows))]
    mappings = tuple(
        GuestMapping(host=host, size=length, guest=guest, span=place)
        for (host, length, guest), place in zip(rows, places, strict=True)
    )
    return Stated(value=mappings, span=prop.span, problem=problem)


@once
def resource_uses(node: Node) -> tuple[ResourceUse, ...]:
    """Return a node's uses of SCMI resources: references to the protocol nodes below an SCMI node."""
    return tuple(_resource_uses(node))


def _resource_uses(node: Node) -> Iterator[ResourceUse]:
    for name, cells_name in RESOURCE_CELLS.items():
        prop = node.get(name)
        if prop is None:
            continue
        try:
            for found in prop.references(cells_name):
                parent = found.target.parent
                if parent is not None and scmi_compatible(parent) and found.arguments:
                    yield ResourceUse(
                        kind=_KINDS.get(name, name),
                        resource_id=found.arguments[0],
                        scmi=parent.path,
                        protocol=u32(found.target, "reg"),
                        span=found.span,
                    )
        except ShapeError:
            continue


def _address(node: Node) -> int | None:
    regions = written_reg(node)
    return regions[0].address if regions else None
