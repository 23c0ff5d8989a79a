"""dom0less domains as Xen builds them: from `/chosen`, and each from its partial device tree.

After xen/common/device-tree/dom0less-build.c, dom0less-bindings.c and xen/arch/arm/dom0less-build.c.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from itertools import dropwhile

from xenscmi.bindings.addresses import mapping_cells
from xenscmi.bindings.names import (
    ALL_CAPABILITIES,
    CAPABILITIES,
    CAPABILITY_HARDWARE,
    CAPABILITY_XENSTORE,
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
from xenscmi.config.types.enums import ArmSciType
from xenscmi.devicetree import Node, Tree
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.releases import ARM_SCI_KEY, DOMAIN_CAPABILITIES, SCI_WITHOUT_DRIVER, ZERO_CELLS
from xenscmi.model.console import XENLOG_ERR
from xenscmi.model.dom0 import give_machine
from xenscmi.model.domain import Domain
from xenscmi.model.errors import Panic
from xenscmi.model.iommu import is_protected
from xenscmi.model.sanitise import IOMMU, XS_DOMAIN, boot_config
from xenscmi.model.sci import SCI_NONE, SCI_SCMI_SMC, SCI_SCMI_SMC_MA
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import XenError


def create_domus(xen: Model, partial: Mapping[str, Tree]) -> None:
    """Make all domains below `/chosen`; `partial` has their partial trees by node name. Raises Panic as Xen does."""
    chosen = xen.tree.node(CHOSEN)
    for node in chosen.children if chosen is not None else ():
        if is_compatible(node, XEN_DOMAIN):
            _create_domu(xen, node, partial.get(node.name))


def _create_domu(xen: Model, node: Node, partial: Tree | None) -> None:
    capabilities = _capabilities(xen, node)
    config = _config(xen, node, capabilities)
    name = node.base_name
    try:
        domain = xen.new_domain(config, hardware=bool(capabilities & CAPABILITY_HARDWARE))
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


def _capabilities(xen: Model, node: Node) -> int:
    """Return which privileges a domain has; none of them before Xen had them (parse_dom0less_node)."""
    prop, value = node.get(CAPABILITIES), read_u32(node, CAPABILITIES)
    if prop is None or value is None or not xen.has(DOMAIN_CAPABILITIES):
        return 0
    if value & ~ALL_CAPABILITIES:
        raise Panic(f"Invalid capabilities ({value:x})", prop.span)
    if value & CAPABILITY_HARDWARE and xen.hardware_domain is not None:
        raise Panic(f"Only 1 hardware domain can be specified! (d{xen.hardware_domain.domid})", prop.span)
    return value


def _check_hardware_domain(xen: Model, node: Node) -> None:
    """Panic where a node asks for what the hardware domain cannot have (parse_dom0less_node)."""
    if read_string(node, "passthrough") is not None:
        raise Panic("Don't specify passthrough for hardware domain", node.span)
    if "direct-map" not in node and not xen.abilities.iommu:
        raise Panic("non-direct mapped hardware domain requires iommu", node.span)
    behind = dropwhile(lambda each: each is not node, xen.tree.walk())
    module = next((each for each in behind if is_compatible(each, MULTIBOOT_DEVICE_TREE)), None)
    if module is not None:  # Xen looks through all nodes behind this one, those of other domains too
        raise Panic(f'"{MULTIBOOT_DEVICE_TREE}" incompatible with hardware domain', module.span)
    if "nr_spis" in node:
        raise Panic("nr_spis cannot be specified for hardware domain", node.span)


def _config(xen: Model, node: Node, capabilities: int) -> CreateDomain:
    """Read a domain's node (parse_dom0less_node, arch_parse_dom0less_node)."""
    max_vcpus = read_u32(node, "cpus")
    if max_vcpus is None:
        raise Panic(f"Missing property 'cpus' for domain {node.base_name}", node.span)
    if capabilities & CAPABILITY_HARDWARE:
        _check_hardware_domain(xen, node)
    try:
        sci_type, agent_id = _sci(xen, node)
    except XenError:
        prop = node.get(SCI_AGENT_ID) or node.get(SCI_TYPE)
        raise Panic("Error getting SCI configuration", prop.span if prop is not None else node.span) from None
    nr_spis = read_u32(node, "nr_spis")
    config = boot_config(sci_type, agent_id, xen.interrupts.spis if nr_spis is None else nr_spis, max_vcpus)
    flags = XS_DOMAIN if capabilities & CAPABILITY_XENSTORE else 0
    flags |= IOMMU if capabilities & CAPABILITY_HARDWARE and xen.abilities.iommu else 0
    return config.replace(flags=config.flags | flags)


def _sci(xen: Model, node: Node) -> tuple[int, int]:
    """Return type and agent id; without `xen,sci_type` there is no SCMI, whatever else the node says.

    A Xen without a driver ignores the request as well, before the releases that refuse it.
    """
    known = xen.has(ARM_SCI_KEY) and (xen.driver is not ArmSciType.NONE or xen.has(SCI_WITHOUT_DRIVER))
    if SCI_TYPE not in node or not known:
        return SCI_NONE, 0
    match read_string(node, SCI_TYPE):
        case None:
            raise XenError(errno.EINVAL)
        case "none":
            return SCI_NONE, 0
        case "scmi_smc_multiagent" if xen.profile.agent_ids:
            agent_id = read_u32(node, SCI_AGENT_ID)
            if agent_id is None or agent_id >= INVALID_AGENT_ID:
                raise XenError(errno.EINVAL)
            return SCI_SCMI_SMC_MA, agent_id
        case "scmi_smc" if xen.driver is ArmSciType.SCMI_SMC or not xen.has(SCI_WITHOUT_DRIVER):
            return SCI_SCMI_SMC, 0
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
    if domain.hardware:
        give_machine(xen, domain)
        return
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
    address_cells, size_cells = mapping_cells(node)
    if xen.has(ZERO_CELLS) and not (address_cells in (1, 2) and size_cells in (1, 2)):
        xen.console.print(f"Invalid address_cells {address_cells} or size_cells {size_cells}")
        raise XenError(errno.EINVAL)
    width = 4 * (2 * address_cells + size_cells)
    if not width:
        raise Panic("Division by zero in hypervisor.", node.span, f"{node.path} stands below a node of zero cells")
    for start in range(0, len(value) // width * width, width):
        row = value[start : start + width]
        behind = width - 4 * address_cells
        host = _number(row[: 4 * address_cells])
        size = _number(row[4 * address_cells : behind])
        guest = _number(row[behind:])
        if (host | size | guest) & PAGE_MASK:
            xen.console.print("DomU passthrough config has not page aligned addresses/sizes")
            raise XenError(errno.EINVAL)
        frame, count = host >> PAGE_SHIFT, size >> PAGE_SHIFT
        domain.iomem.add(frame, frame + count)
        if count:
            domain.memory.map(guest >> PAGE_SHIFT, frame, count)


def _number(cells: bytes) -> int:
    """Return a number of any count of cells: of more than two, Xen keeps the last two (dt_read_number)."""
    return int.from_bytes(cells[-8:], "big")


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
