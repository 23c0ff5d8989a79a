"""dom0less domains as Xen builds them: from `/chosen`, and each from its partial device tree.

After xen/common/device-tree/dom0less-build.c, dom0less-bindings.c and xen/arch/arm/dom0less-build.c.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping

from xenscmi.bindings.addresses import ADDRESS_CELLS, DEFAULT_ADDRESS_CELLS, DEFAULT_SIZE_CELLS, SIZE_CELLS
from xenscmi.bindings.names import (
    CHOSEN,
    MULTIBOOT_DEVICE_TREE,
    MULTIBOOT_KERNEL,
    SCI_AGENT_ID,
    SCI_TYPE,
    XEN_DOMAIN,
    XEN_FORCE_ASSIGN,
    XEN_PATH,
    XEN_REG,
)
from xenscmi.bindings.properties import find_by_path, is_compatible, read_string, read_u32
from xenscmi.config.constants import INVALID_AGENT_ID, PAGE_MASK, PAGE_SHIFT
from xenscmi.devicetree import Node, Tree
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.model.console import XENLOG_ERR
from xenscmi.model.domain import Domain
from xenscmi.model.errors import Panic
from xenscmi.model.iommu import is_protected
from xenscmi.model.mediator import SCI_NONE, SCI_SCMI_SMC_MA
from xenscmi.model.sanitise import boot_config
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import XenError


def create_domus(xen: Model, partial: Mapping[str, Tree]) -> None:
    """Make all domains below `/chosen`; `partial` has their partial trees by node name. Raises Panic as Xen does."""
    chosen = xen.tree.node(CHOSEN)
    for node in chosen.children if chosen is not None else ():
        if is_compatible(node, XEN_DOMAIN):
            _create_domu(xen, node, partial.get(node.name))


def _create_domu(xen: Model, node: Node, partial: Tree | None) -> None:
    config = _config(xen, node)
    name = node.base_name
    try:
        domain = xen.new_domain(config)
    except XenError as error:
        place = node.get(SCI_AGENT_ID)
        span = place.span if place is not None else node.span
        raise Panic(f"Error creating domain {name} (rc = {-error.errno})", span, str(error)) from None
    try:
        _construct(xen, domain, node, partial)
    except XenError as error:
        cause = f"domain {name} cannot be given this: {error}" if error.span else str(error)
        span = error.span or node.span
        raise Panic(f"Could not set up domain {name} (rc = {-error.errno})", span, cause) from None


def _config(xen: Model, node: Node) -> CreateDomain:
    """Read a domain's node (parse_dom0less_node)."""
    max_vcpus = read_u32(node, "cpus")
    if max_vcpus is None:
        raise Panic(f"Missing property 'cpus' for domain {node.base_name}", node.span)
    try:
        sci_type, agent_id = _sci(xen, node)
    except XenError:
        prop = node.get(SCI_AGENT_ID) or node.get(SCI_TYPE)
        raise Panic("Error getting SCI configuration", prop.span if prop is not None else node.span) from None
    nr_spis = read_u32(node, "nr_spis")
    return boot_config(sci_type, agent_id, xen.interrupts.spis if nr_spis is None else nr_spis, max_vcpus)


def _sci(xen: Model, node: Node) -> tuple[int, int]:
    """Return type and agent id; without `xen,sci_type` there is no SCMI, whatever else the node says."""
    if SCI_TYPE not in node:
        return SCI_NONE, 0
    match read_string(node, SCI_TYPE):
        case None:
            raise XenError(errno.EINVAL)
        case "none":
            return SCI_NONE, 0
        case "scmi_smc_multiagent":
            agent_id = read_u32(node, SCI_AGENT_ID)
            if agent_id is None or agent_id >= INVALID_AGENT_ID:
                raise XenError(errno.EINVAL)
            return SCI_SCMI_SMC_MA, agent_id
        case "scmi_smc":
            xen.console.print("xen,sci_type=scmi_smc requested, but CONFIG_SCMI_SMC not set")
        case other:
            xen.console.print(f"xen,sci_type in not valid ({other}) for domain {node.base_name}")
    raise XenError(errno.EINVAL)


def _construct(xen: Model, domain: Domain, node: Node, partial: Tree | None) -> None:
    memory = node.get("memory")
    if memory is None or len(memory.value) < 8:
        xen.console.print('Error building DomU: cannot read "memory" property')
        raise XenError(errno.EINVAL)
    domain.name, domain.memory_kb = node.name, int.from_bytes(memory.value[:8], "big")
    if not _has_module(xen, node, MULTIBOOT_KERNEL):
        raise XenError(errno.ENOENT)
    if partial is None or not _has_module(xen, node, MULTIBOOT_DEVICE_TREE):
        return
    try:
        domain.tree = tuple(_scan_partial(xen, domain, partial))
    except XenError as error:
        xen.console.print(f"Device tree generation failed ({-error.errno}).")
        failure = XenError(errno.EINVAL)
        failure.span = error.span
        raise failure from None


def _has_module(xen: Model, node: Node, kind: str) -> bool:
    return xen.loader_adds_modules or any(is_compatible(child, kind) for child in node.children)


def _scan_partial(xen: Model, domain: Domain, partial: Tree) -> Iterator[Node]:
    """Yield the nodes that the guest gets, each after it was given what the node asks for."""
    for top in partial.root.children:
        if top.name.lower() in ("aliases", "passthrough"):
            for node in top.walk():
                if top.name.lower() == "passthrough":
                    _give_device(xen, domain, node)
                yield node


def _give_device(xen: Model, domain: Domain, node: Node) -> None:
    """Give a domain what `xen,reg` and `xen,path` of a node ask for (handle_prop_pfdt, handle_passthrough_prop)."""
    reg, path = node.get(XEN_REG), node.get(XEN_PATH)
    force = XEN_FORCE_ASSIGN in node
    if reg is None and path is None:
        return
    if reg is None or (path is None and not force):
        xen.console.print(f"xen,reg or xen,path missing for d{domain.domid}")
        failure = XenError(errno.EINVAL)
        failure.span = node.span
        raise failure
    try:
        _map_registers(xen, domain, node, reg.value)
        if path is not None:
            _assign(xen, domain, path.value.partition(b"\0")[0].decode("ascii", "backslashreplace"), force=force)
    except XenError as error:
        error.span = (path or reg).span
        xen.console.print(f"Failed to assign device to d{domain.domid}", level=XENLOG_ERR)
        raise


def _map_registers(xen: Model, domain: Domain, node: Node, value: bytes) -> None:
    """Map what `xen,reg` says: rows of host address, size, guest address."""
    address_cells, size_cells = _inherited_cells(node)
    if address_cells not in (1, 2) or size_cells not in (1, 2):
        xen.console.print(f"Invalid address_cells {address_cells} or size_cells {size_cells}")
        raise XenError(errno.EINVAL)
    width = 4 * (2 * address_cells + size_cells)
    for start in range(0, len(value) // width * width, width):
        row = value[start : start + width]
        host = int.from_bytes(row[: 4 * address_cells], "big")
        size = int.from_bytes(row[4 * address_cells : -4 * address_cells], "big")
        guest = int.from_bytes(row[-4 * address_cells :], "big")
        if (host | size | guest) & PAGE_MASK:
            xen.console.print("DomU passthrough config has not page aligned addresses/sizes")
            raise XenError(errno.EINVAL)
        frame, count = host >> PAGE_SHIFT, size >> PAGE_SHIFT
        domain.iomem.add(frame, frame + count)
        if count:
            domain.memory.map(guest >> PAGE_SHIFT, frame, count)


def _inherited_cells(node: Node) -> tuple[int, int]:
    """Return the cell counts that Xen reads a node's `xen,reg` with: its parent's, of `/passthrough` the defaults."""
    parent = node.parent
    if parent is None or parent.parent is None:
        return DEFAULT_ADDRESS_CELLS, DEFAULT_SIZE_CELLS
    address_cells, size_cells = read_u32(parent, ADDRESS_CELLS), read_u32(parent, SIZE_CELLS)
    return (
        DEFAULT_ADDRESS_CELLS if address_cells is None else address_cells,
        DEFAULT_SIZE_CELLS if size_cells is None else size_cells,
    )


def _assign(xen: Model, domain: Domain, path: str, *, force: bool) -> None:
    """Assign a device of the host's tree: interrupts, SCMI, then the IOMMU, unless that is waived and there is none."""
    device = find_by_path(xen.tree, path)
    if device is None:
        xen.console.print(f"Couldn't find node {path} in host_dt!")
        raise XenError(errno.EINVAL)
    xen.interrupts.map_device(domain, device, route=True)
    xen.mediator.assign_device(domain, device)
    if not force or is_protected(device):
        xen.iommus.assign(domain.domid, device)
    domain.devices.append(device.path)
