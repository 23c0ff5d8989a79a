"""dom0 as Xen builds it: which nodes of the host's device tree it gets, and with them which memory and devices.

After xen/arch/arm/domain_build.c (handle_node) and xen/arch/arm/device.c (handle_device). dom0's RAM is not modelled.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from xenscmi.devicetree import Node, Tree
from xenscmi.host.dom0 import kept_from_dom0
from xenscmi.host.domains import has_dom0_kernel
from xenscmi.model import dt
from xenscmi.model.domain import Domain
from xenscmi.model.errors import Panic
from xenscmi.model.mediator import CONTAINER, SCI_NONE, SCI_SCMI_SMC_MA
from xenscmi.model.memory import frames_of
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import XenError

DOM0_AGENT = "xen,dom0-sci-agent-id"
INVALID_AGENT_ID = 255
RESERVED_MEMORY = "/reserved-memory/"


def create_dom0(xen: Model) -> Domain:
    """Make dom0 and give it its devices. Raises Panic as Xen does."""
    agent_id = _agent_id(xen)
    sci_type = SCI_NONE if agent_id == INVALID_AGENT_ID else SCI_SCMI_SMC_MA
    try:
        dom0 = xen.new_domain(boot_config(sci_type, agent_id), domid=0)
    except XenError as error:
        raise Panic(f"Error creating domain 0 (rc = {-error.errno})") from None
    if not has_dom0_kernel(xen.tree):
        raise Panic(f"Could not set up d0 guest OS (rc = {-errno.ENOENT})")
    try:
        dom0.tree = tuple(_build(xen, dom0))
    except XenError as error:
        xen.console.print(f"Device tree generation failed ({-error.errno}).")
        raise Panic(f"Could not set up d0 guest OS (rc = {-errno.EINVAL})") from None
    return dom0


def _agent_id(xen: Model) -> int:
    container = dt.find_compatible(xen.tree, CONTAINER)
    value = dt.read_u32(container, DOM0_AGENT) if container is not None else None
    if value is None:
        return INVALID_AGENT_ID
    if value >= INVALID_AGENT_ID:
        xen.console.print(f"Invalid {DOM0_AGENT}={value}, SCMI disabled for Dom0")
        return INVALID_AGENT_ID
    return value


def _build(xen: Model, dom0: Domain) -> Iterator[Node]:
    """Yield the nodes that dom0 gets, in order, each after it was given what the node describes."""
    console_node = _console_node(xen.tree)
    pending = [xen.tree.root]
    while pending:
        node = pending.pop()
        if kept_from_dom0(node) or node is console_node or xen.mediator.hides_from_dom0(dom0, node):
            continue
        _give_device(xen, dom0, node)
        yield node
        pending.extend(reversed(list(node.children)))


def _console_node(tree: Tree) -> Node | None:
    """Return the UART that Xen keeps for its own console: `dtuart=` on its command line, or `stdout-path`."""
    chosen = tree.node("/chosen")
    if chosen is None:
        return None
    arguments = dt.read_string(chosen, "xen,xen-bootargs") or dt.read_string(chosen, "bootargs") or ""
    named = [word.removeprefix("dtuart=") for word in arguments.split() if word.startswith("dtuart=")]
    path = named[-1] if named else dt.read_string(chosen, "stdout-path") or ""
    return tree.resolve(path)


def _give_device(xen: Model, dom0: Domain, node: Node) -> None:
    """Give dom0 a device: SCMI permissions, the right to its registers, and, unless a guest gets it, their mapping."""
    own = not dt.is_for_passthrough(node)
    if own:
        xen.mediator.assign_device(dom0, node)
        if "access-controllers" in node:
            dom0.devices.append(node.path)
    for address, size in _regions(xen, node):
        if not size:
            continue
        start, end = frames_of(address, size)
        if not node.path.lower().startswith(RESERVED_MEMORY):
            dom0.iomem.add(start, end)
        if own:
            dom0.memory.map(start, start, end - start)


def _regions(xen: Model, node: Node) -> Iterator[tuple[int, int]]:
    if node.parent is None or not dt.is_bus(node.parent) or not dt.counts_are_good(node):
        return
    for index, _ in enumerate(dt.raw_regions(node)):
        try:
            yield dt.device_address(node, index, xen.console)
        except XenError:
            xen.console.print(f"Unable to retrieve address {index} for {node.path}")
            raise
