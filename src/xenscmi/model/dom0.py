"""dom0 as Xen builds it: which nodes of the host's device tree it gets, and with them which memory and devices.

After xen/arch/arm/domain_build.c (handle_node) and xen/arch/arm/device.c (handle_device). dom0's RAM is not modelled.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from xenscmi.bindings.addresses import LAST_ADDRESS, address_count, physical_ranges, translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import mapped_interrupts, uses_ppis
from xenscmi.bindings.names import (
    ACCESS_CONTROLLERS,
    CHOSEN,
    DOM0_AGENT_ID,
    RESERVED_MEMORY,
    STDOUT_PATH,
    XEN_SCI,
)
from xenscmi.bindings.properties import device_type, find_compatible, is_for_passthrough, read_string, read_u32
from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.devicetree import Node, Tree
from xenscmi.host.command_line import command_line
from xenscmi.host.dom0 import kept_from_dom0
from xenscmi.host.dom0_memory import dom0_mem, kernel_of_dom0
from xenscmi.host.domains import has_dom0_kernel
from xenscmi.model.domain import Domain
from xenscmi.model.errors import Panic
from xenscmi.model.iommu import is_protected
from xenscmi.model.memory import frames_of
from xenscmi.model.sanitise import boot_config
from xenscmi.model.sci import SCI_NONE, SCI_SCMI_SMC_MA
from xenscmi.model.xen import Model
from xenscmi.source import Span
from xenscmi.toolstack.backend import XenError

PADDR_BITS = 48


def create_dom0(xen: Model) -> Domain:
    """Make dom0 and give it its devices. Raises Panic as Xen does."""
    agent_id = _agent_id(xen)
    sci_type = SCI_NONE if agent_id == INVALID_AGENT_ID else SCI_SCMI_SMC_MA
    try:
        dom0 = xen.new_domain(boot_config(sci_type, agent_id, xen.interrupts.spis), domid=0, hardware=True)
    except XenError as error:
        raise Panic(f"Error creating domain 0 (rc = {-error.errno})", _agent_place(xen.tree), str(error)) from None
    dom0.name, dom0.memory_kb = "Domain-0", dom0_mem(xen.tree)
    if not (has_dom0_kernel(xen.tree) or xen.loader_adds_modules):
        reason = f"Could not set up d0 guest OS (rc = {-errno.ENOENT})"
        raise Panic(reason, (xen.tree.node(CHOSEN) or xen.tree.root).span, "there is no kernel below /chosen")
    try:
        give_machine(xen, dom0)
    except XenError as error:
        reason = f"Could not set up d0 guest OS (rc = {-error.errno})"
        cause = f"dom0 cannot be given this: {error.__cause__}"
        raise Panic(reason, error.span or xen.tree.root.span, cause) from None
    _load_kernel(xen, dom0)
    return dom0


def give_machine(xen: Model, domain: Domain) -> None:
    """Give the hardware domain the machine: all devices that no guest gets (construct_hwdom). Raises XenError."""
    try:
        domain.tree = tuple(_build(xen, domain))
    except XenError as error:
        xen.console.print(f"Device tree generation failed ({-error.errno}).")
        failure = XenError(errno.EINVAL)
        failure.span = error.span
        raise failure from error


def _load_kernel(xen: Model, dom0: Domain) -> None:
    """Overwrite the page of Xen's own channel where it lies in plain RAM that becomes dom0's kernel."""
    page, kernel = xen.mediator.management_page, kernel_of_dom0(xen.tree)
    if page is not None and kernel is not None and kernel[0] <= page < kernel[1]:
        xen.memory.window(page)[:] = bytes(len(xen.memory.window(page)))


def _agent_id(xen: Model) -> int:
    container = find_compatible(xen.tree, XEN_SCI) if xen.profile.agent_ids else None
    value = read_u32(container, DOM0_AGENT_ID) if container is not None else None
    if value is None:
        return INVALID_AGENT_ID
    if value >= INVALID_AGENT_ID:
        xen.console.print(f"Invalid {DOM0_AGENT_ID}={value}, SCMI disabled for Dom0")
        return INVALID_AGENT_ID
    return value


def _agent_place(tree: Tree) -> Span:
    """Return where the tree says which agent is dom0's."""
    container = find_compatible(tree, XEN_SCI)
    prop = container.get(DOM0_AGENT_ID) if container is not None else None
    return prop.span if prop is not None else (container or tree.root).span


def _build(xen: Model, dom0: Domain) -> Iterator[Node]:
    """Yield the nodes that dom0 gets, in order, each after it was given what the node describes."""
    console_node = _console_node(xen.tree)
    pending = [xen.tree.root]
    while pending:
        node = pending.pop()
        if kept_from_dom0(node) or node is console_node or xen.mediator.hides_from_dom0(dom0, node):
            continue
        if uses_ppis(node):
            continue
        try:
            _give_device(xen, dom0, node)
        except XenError as error:
            error.span = node.span
            raise
        yield node
        pending.extend(reversed(list(node.children)))


def _console_node(tree: Tree) -> Node | None:
    """Return the UART that Xen keeps for its own console: `dtuart=` on its command line, or `stdout-path`."""
    chosen = tree.node(CHOSEN)
    if chosen is None:
        return None
    named = [word.removeprefix("dtuart=") for word in command_line(tree).split() if word.startswith("dtuart=")]
    path = named[-1] if named else read_string(chosen, STDOUT_PATH) or ""
    return tree.resolve(path)


def _give_device(xen: Model, dom0: Domain, node: Node) -> None:
    """Give dom0 a device: SCMI permissions, interrupts, the right to its registers, and unless a guest gets it, them.

    After handle_device. Of a PCI host bridge, dom0 gets what lies behind it too.
    """
    own = not is_for_passthrough(node)
    if own:
        if is_protected(node):
            xen.iommus.assign(dom0.domid, node)
        xen.mediator.assign_device(dom0, node)
        if ACCESS_CONTROLLERS in node:
            dom0.devices.append(node.path)
    xen.interrupts.map_device(dom0, node, route=own)
    for address, size in _registers(xen, node):
        _map(xen, dom0, node, address, size, own=own)
    if (device_type(node) or "").lower() == "pci":
        _give_bus(xen, dom0, node, own=own)


def _give_bus(xen: Model, dom0: Domain, bridge: Node, *, own: bool) -> None:
    """Give dom0 the interrupts and windows behind a PCI host bridge (map_device_children)."""
    try:
        xen.interrupts.map_bridge(dom0, mapped_interrupts(bridge), bridge, route=own)
        for window in physical_ranges(bridge):
            if window.problem is not None:
                xen.console.print_failure(window.problem)
            address = LAST_ADDRESS if window.address is None else window.address
            _map(xen, dom0, bridge, address, window.size, own=own)
    except BindingError as error:
        xen.console.print_failure(error)
        raise XenError(error.errno) from None


def _map(xen: Model, dom0: Domain, node: Node, address: int, size: int, *, own: bool) -> None:
    """Let dom0 have a stretch of memory, and map it unless a guest gets it (map_range_to_domain)."""
    if LAST_ADDRESS - address < size:
        end = (address + size) & LAST_ADDRESS
        reach = f"[{address:#x}, {end:#x}] exceeds the maximum allowed PA width ({PADDR_BITS} bits)"
        xen.console.print(f"{node.path}: {reach}", end="")
        raise XenError(errno.ERANGE)
    if not size:
        return
    start, end = frames_of(address, size)
    if not node.path.lower().startswith(f"{RESERVED_MEMORY}/"):
        dom0.iomem.add(start, end)
    if own:
        dom0.memory.map(start, start, end - start)


def _registers(xen: Model, node: Node) -> Iterator[tuple[int, int]]:
    """Yield address and size of a device's registers."""
    for index in range(address_count(node)):
        try:
            entry = translate(node, index)
        except BindingError as error:
            xen.console.print_failure(error)
            xen.console.print(f"Unable to retrieve address {index} for {node.path}")
            raise XenError(error.errno) from None
        yield entry.address, entry.size
