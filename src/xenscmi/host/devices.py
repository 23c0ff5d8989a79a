"""Devices under SCMI control: the nodes with `access-controllers`, and which of them Xen gives to dom0."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xenscmi.devicetree.address import translate
from xenscmi.devicetree.tree import Node, Property, ShapeError, Tree
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.properties import available, u32
from xenscmi.host.types import AccessController, Device, Region

ACCESS_CONTROLLERS = "access-controllers"
ACCESS_CONTROLLER_CELLS = "#access-controller-cells"


def read_devices(tree: Tree) -> tuple[Device, ...]:
    """Return the devices under any access controller, in the order in which Xen walks the tree for dom0."""
    for_dom0 = set(dom0_nodes(tree))
    return tuple(_read(node, for_dom0=node in for_dom0) for node in tree.walk() if ACCESS_CONTROLLERS in node)


def _read(node: Node, *, for_dom0: bool) -> Device:
    prop = node.get(ACCESS_CONTROLLERS)
    assert prop is not None
    passthrough = "xen,passthrough" in node
    return Device(
        path=node.path,
        entries=tuple(_entries(prop)),
        passthrough=passthrough,
        for_dom0=for_dom0 and not passthrough,
        regions=tuple(_regions(node)),
        span=prop.span,
        available=available(node),
    )


def _entries(prop: Property) -> Iterator[AccessController]:
    """Yield the entries as Xen walks them (sci_assign_dt_device): up to the first broken one."""
    length = len(prop.value) // 4
    cells = struct.unpack_from(f">{length}I", prop.value)
    at = 0
    while at < length:
        target, span = prop.node.tree.by_phandle(cells[at]), prop.place(4 * at)
        count = u32(target, ACCESS_CONTROLLER_CELLS) if target else None
        end = at + 1 + (count.value if count and count.value is not None else 0)
        if target is None:
            problem = prop.error(f"refers to phandle {cells[at]:#x}, which no node has", offset=4 * at)
        elif count is None or count.value is None:
            problem = prop.error(f"could not get {ACCESS_CONTROLLER_CELLS} for {target.path}", offset=4 * at)
        elif end > length:
            problem = prop.error(f"arguments longer than property: {target.path} takes {count.value}", offset=4 * at)
        else:
            yield AccessController(target=target.path, arguments=cells[at + 1 : end], span=span)
            at = end
            continue
        path = target.path if target else None
        yield AccessController(target=path, arguments=(), span=span, problem=problem.diagnostic)
        return


def _regions(node: Node) -> Iterator[Region]:
    """Yield the device's registers as far as they translate."""
    index = 0
    try:
        while True:
            found = translate(node, index)
            yield Region(path=node.path, start=found.address, size=found.size, span=found.span)
            index += 1
    except ShapeError:
        return
