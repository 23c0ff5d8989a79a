"""Devices under SCMI control: the nodes with `access-controllers`, and which of them Xen gives to dom0."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import ACCESS_CONTROLLER_CELLS, ACCESS_CONTROLLERS
from xenscmi.bindings.phandles import PhandleError, phandle_entries
from xenscmi.bindings.properties import is_available, is_for_passthrough
from xenscmi.devicetree.tree import Node, Property, Tree
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.registers import registers
from xenscmi.host.types import AccessController, Device


def read_devices(tree: Tree) -> tuple[Device, ...]:
    """Return the devices under any access controller, in the order in which Xen walks the tree for dom0."""
    for_dom0 = set(dom0_nodes(tree))
    return tuple(_read(node, for_dom0=node in for_dom0) for node in tree.walk() if ACCESS_CONTROLLERS in node)


def _read(node: Node, *, for_dom0: bool) -> Device:
    prop = node.get(ACCESS_CONTROLLERS)
    assert prop is not None
    passthrough = is_for_passthrough(node)
    return Device(
        path=node.path,
        entries=tuple(_entries(prop)),
        passthrough=passthrough,
        for_dom0=for_dom0 and not passthrough,
        regions=tuple(registers(node)),
        span=prop.span,
        available=is_available(node),
    )


def _entries(prop: Property) -> Iterator[AccessController]:
    """Yield the entries as Xen walks them (sci_assign_dt_device): up to the first broken one."""
    try:
        for entry in phandle_entries(prop.node, prop.name, ACCESS_CONTROLLER_CELLS):
            place = prop.place(entry.offset)
            yield AccessController(target=entry.target.path, arguments=entry.arguments, span=place)
    except PhandleError as error:
        problem = error.diagnostic
        path = error.target.path if error.target else None
        yield AccessController(target=path, arguments=(), span=problem.span or prop.span, problem=problem)
