"""`xen.dtso`: what Xen adds to the board's tree, but for the domains that it makes itself (`domains.dtso`).

The container with the agents, dom0's SCMI node, who may be asked for which device, what is set aside for guests, the
IOMMUs that stand before it, and the RAM without the agents' pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.bindings import names
from xenscmi.bindings.properties import compatible, is_available, read_u32
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Node, ShapeError
from xenscmi.devicetree.dts import DtsNode, cells, decimal, fragment, number, overlay, rows, strings
from xenscmi.plan.allocation import Allocation, PlannedChannel
from xenscmi.plan.board import AddressRange, Board
from xenscmi.plan.guest_tree import scmi_node
from xenscmi.plan.planned import PlannedDevice
from xenscmi.plan.references import PROTOCOLS, Use, consumers, scmi_protocol, uses
from xenscmi.plan.rendering.header import slashes

NAME = "xen.dtso"
CONTAINER = "xen_scmi_config"
XEN_LABEL = "scmi_xen"
DOM0_PAGE = "scmi_dom0_page"
_LABELS = {"clocks": "scmi_dom0_clk", "resets": "scmi_dom0_rst", "power_domains": "scmi_dom0_pd"}


def render(allocation: Allocation) -> str:
    """Return the overlay's source."""
    address, size = chosen_cells(allocation.resolved.board)
    fragments = [_container(allocation), *_dom0(allocation), *_devices(allocation), *_iommus(allocation)]
    if allocation.resolved.read.plan.board.pins == "dom0":
        fragments += _pins(allocation)
    fragments += [_overlaid(node.path, {names.XEN_PASSTHROUGH: ""}) for node in allocation.srams]
    return overlay(slashes(), fragments, address, size)


def base_labels(allocation: Allocation) -> dict[Node, str]:
    """Return the nodes of the board's tree that the overlay refers to, and their labels.

    Where the board's tree has no such label, the tree that is rendered gets it.
    """
    board, dom0 = allocation.resolved.board, allocation.dom0
    own = board.tree.node(names.FIRMWARE_SCMI)
    there = {scmi_protocol(child): child for child in own.children} if own else {}
    found: dict[Node, str] = {}
    for device in dom0.domain.devices if dom0 else ():
        for _, _, entries in _rewritten(allocation, device):
            for use in entries:
                node = there.get(PROTOCOLS[use.kind]) if use.scmi_id is not None else use.target
                if node is not None:
                    found.setdefault(node, board.label(node) or f"base_{_phandle(node)}")
    return found


def chosen_cells(board: Board) -> tuple[int, int]:
    """Return the cell counts below /chosen: its own where it has any, else those that hold all addresses."""
    chosen = board.tree.node("/chosen")
    address, size = (read_u32(chosen, "#address-cells"), read_u32(chosen, "#size-cells")) if chosen else (None, None)
    return (2 if address is None else address, 2 if size is None else size)


def chosen_fragment(board: Board, content: DtsNode) -> DtsNode:
    """Return the fragment of /chosen, below which addresses must translate."""
    address, size = chosen_cells(board)
    counts = {"#address-cells": cells(address), "#size-cells": cells(size), "ranges": ""}
    content.properties = counts | content.properties
    made = fragment("/chosen", content)
    made.properties |= counts
    return made


def _container(allocation: Allocation) -> DtsNode:
    board = allocation.resolved.board
    address, size = chosen_cells(board)
    counts = {"#address-cells": cells(address), "#size-cells": cells(size), "ranges": ""}
    content = DtsNode("__overlay__")
    above = content.add("xen")
    above.properties = dict(counts)
    dom0 = allocation.dom0
    container = above.add(CONTAINER)
    others = [each for each in allocation.channels if each != allocation.management]
    container.properties = {
        "compatible": strings(names.XEN_SCI),
        **counts,
        names.SECONDARY_AGENTS: rows((each.func_id, f"&{_page(each)}", decimal(each.agent_id)) for each in others),
        names.SECONDARY_AGENTS_CELLS: cells(3),
    }
    if dom0 and dom0.channel:
        container.properties[names.DOM0_AGENT_ID] = cells(decimal(dom0.channel.agent_id))
    for each in allocation.channels:
        page = container.add(f"sram@{each.page:x}", label=_page(each), comment=allocation.owners[each.agent_id])
        page.properties = {
            "compatible": strings(names.SCMI_SHMEM),
            "reg": cells(*number(each.page, address), *number(PAGE_SIZE, size)),
        }
    own = allocation.management
    scmi = container.add("scmi", label=XEN_LABEL)
    scmi.properties = {
        "compatible": strings(names.SCMI_SMC),
        names.SMC_ID: cells(own.func_id),
        "shmem": cells(f"&{_page(own)}"),
        names.ACCESS_CONTROLLER_CELLS: cells(1),
    }
    return chosen_fragment(board, content)


def _page(channel: PlannedChannel) -> str:
    return f"scmi_page_{channel.agent_id}"


def _dom0(allocation: Allocation) -> Iterator[DtsNode]:
    """Yield what dom0 finds: its page and its SCMI node, and the RAM without the pages."""
    board, dom0 = allocation.resolved.board, allocation.dom0
    root = board.tree.root
    address, size = _own_cells(root)
    content = DtsNode("__overlay__", properties={"#address-cells": cells(address), "#size-cells": cells(size)})
    below: list[DtsNode] = []
    for node, parent, value in _memory(allocation):
        if parent is root:
            content.add(node.name).properties = {"reg": value}
        else:
            counts = _own_cells(parent)
            other = DtsNode(
                "__overlay__", properties={"#address-cells": cells(counts[0]), "#size-cells": cells(counts[1])}
            )
            other.add(node.name).properties = {"reg": value}
            below.append(fragment(parent.path, other))
    own = board.tree.node(names.FIRMWARE_SCMI)
    if dom0 and dom0.channel:
        page = content.add(f"sram@{dom0.channel.page:x}", label=DOM0_PAGE)
        page.properties = {
            "compatible": strings(names.SCMI_SHMEM),
            "reg": cells(*number(dom0.channel.page, address), *number(PAGE_SIZE, size)),
        }
        made = scmi_node("scmi", dom0.channel.func_id, f"&{DOM0_PAGE}", set(_missing_protocols(allocation)), _LABELS)
        if own is None:
            content.add("firmware").children.append(made)
        else:
            made.name = "__overlay__"
            if not is_available(own):
                made.properties["status"] = strings("okay")
            below.append(fragment(own.path, made))
    if content.children:
        yield fragment("/", content)
    yield from below


def _missing_protocols(allocation: Allocation) -> Iterator[str]:
    """Yield the kinds of resources that dom0's devices use and for which its SCMI node has no protocol yet."""
    own = allocation.resolved.board.tree.node(names.FIRMWARE_SCMI)
    there = {scmi_protocol(child) for child in own.children} if own else set()
    devices = allocation.dom0.domain.devices if allocation.dom0 else ()
    for kind, protocol in PROTOCOLS.items():
        if protocol not in there and any(device.resources[kind] for device in devices):
            yield kind


def _memory(allocation: Allocation) -> Iterator[tuple[Node, Node, str]]:
    """Yield the memory nodes out of which pages must be cut, their parents, and their new `reg`."""
    for node, regions in allocation.resolved.board.memory:
        banks = [AddressRange(each.address, each.address + each.size) for each in regions]
        if node.parent is not None and any(hole.overlaps(bank) for hole in allocation.holes for bank in banks):
            left = list(_cut(banks, allocation.holes))
            address, size = _own_cells(node.parent)
            yield node, node.parent, rows((*number(each.start, address), *number(each.size, size)) for each in left)


def _cut(banks: Iterable[AddressRange], holes: Iterable[AddressRange]) -> Iterator[AddressRange]:
    for bank in banks:
        start = bank.start
        for hole in holes:
            if hole.overlaps(bank):
                if hole.start > start:
                    yield AddressRange(start, hole.start)
                start = max(start, hole.end)
        if start < bank.end:
            yield AddressRange(start, bank.end)


def _own_cells(node: Node) -> tuple[int, int]:
    address, size = read_u32(node, "#address-cells"), read_u32(node, "#size-cells")
    return (2 if address is None else address, 1 if size is None else size)


def _devices(allocation: Allocation) -> Iterator[DtsNode]:
    labels = base_labels(allocation)
    for allotment in allocation.allotments:
        for device in allotment.domain.devices:
            guest = allotment.domain.section is not None
            rewritten: dict[Node, dict[str, str]] = {}
            for node, name, entries in () if guest else _rewritten(allocation, device):
                rewritten.setdefault(node, {})[name] = rows(_entry(use, labels) for use in entries)
            properties = _controlled(allocation, device)
            if guest:
                properties[names.XEN_PASSTHROUGH] = ""
            if not is_available(device.node):
                properties["status"] = strings("okay")
            properties |= rewritten.pop(device.node, {})
            if properties:
                yield _overlaid(device.path, properties, comment=allotment.domain.name)
            yield from (_overlaid(node.path, own) for node, own in rewritten.items())
            for hardware in device.hardware if guest else ():
                if hardware.node is not device.node and (hardware.regions or hardware.interrupts):
                    yield _overlaid(hardware.node.path, {names.XEN_PASSTHROUGH: ""})


def _controlled(allocation: Allocation, device: PlannedDevice) -> dict[str, str]:
    """Return the property by which Xen asks the firmware for a device: Xen's entries first, then what was there."""
    ids = allocation.device_ids.get(device.path)
    if ids is None:
        return {}
    there = device.node.get(names.ACCESS_CONTROLLERS)
    groups: list[tuple[int | str, ...]] = [(f"&{XEN_LABEL}", decimal(number)) for number in ids]
    if there is not None and len(there.value) % 4 == 0 and there.value:
        groups.append(there.cells())
    return {names.ACCESS_CONTROLLERS: rows(groups)}


def _rewritten(allocation: Allocation, device: PlannedDevice) -> Iterator[tuple[Node, str, list[Use]]]:
    """Yield the properties of dom0's devices that lead to the hardware, and must lead to dom0's agent."""
    for node in device.nodes:
        for prop in consumers(node):
            if prop.name in device.section.allow:
                continue
            try:
                found = list(uses(prop, allocation.resolved.map))
            except ShapeError:
                continue
            if any(use.scmi_id is not None and use.target and scmi_protocol(use.target) is None for use in found):
                yield node, prop.name, found


def _entry(use: Use, labels: dict[Node, str]) -> tuple[int | str, ...]:
    if use.target is None:
        return (0,)
    if use.scmi_id is None:
        return (f"&{labels[use.target]}", *use.cells)
    # The protocol node is the board's own, or one that the overlay adds.
    own = use.target.tree.node(names.FIRMWARE_SCMI)
    protocol = next((n for n in own.children if scmi_protocol(n) == PROTOCOLS[use.kind]), None) if own else None
    return (f"&{_LABELS[use.kind] if protocol is None else labels[protocol]}", decimal(use.scmi_id))


def _phandle(node: Node) -> int:
    """Return a node's phandle in the board's tree; an overlay leaves those as they are."""
    return read_u32(node, "phandle") or read_u32(node, "linux,phandle") or 0


def _iommus(allocation: Allocation) -> Iterator[DtsNode]:
    """Yield the IOMMUs before guests' devices that are disabled: those would protect nothing."""
    found: dict[Node, None] = {}
    pending = [
        iommu
        for allotment in allocation.guests
        for device in allotment.domain.devices
        for node in device.nodes
        for iommu in allocation.resolved.board.iommus(node)
        if not names.XEN_IOMMUS.isdisjoint(compatible(iommu))
    ]
    while pending:
        node = pending.pop(0)
        if node not in found:
            found[node] = None
            main = node.get("renesas,ipmmu-main")  # the one that translates for it
            if main is not None and (other := node.tree.by_phandle(int.from_bytes(main.value[:4], "big"))):
                pending.append(other)
    for node in found:
        if not is_available(node):
            yield _overlaid(node.path, {"status": strings("okay")})


def _pins(allocation: Allocation) -> Iterator[DtsNode]:
    """Yield the pin controllers, to which the pins of guests' devices become hogs: dom0 sets them as it starts."""
    hogs: dict[Node, list[int]] = {}
    for allotment in allocation.guests:
        for device in allotment.domain.devices:
            for node in device.nodes:
                state = node.get("pinctrl-0")
                for phandle in state.cells() if state is not None and len(state.value) % 4 == 0 else ():
                    pins = node.tree.by_phandle(phandle)
                    controller = (
                        next((each for each in pins.ancestors() if "compatible" in each), None) if pins else None
                    )
                    if controller is not None and phandle not in hogs.setdefault(controller, []):
                        hogs[controller].append(phandle)
    for controller, phandles in hogs.items():
        own = controller.get("pinctrl-0")
        before = list(own.cells()) if own is not None and len(own.value) % 4 == 0 else []
        yield _overlaid(
            controller.path,
            {"pinctrl-names": strings("default"), "pinctrl-0": cells(*dict.fromkeys([*before, *phandles]))},
        )


def _overlaid(path: str, properties: dict[str, str], comment: str = "") -> DtsNode:
    made = fragment(path, DtsNode("__overlay__", properties=properties))
    made.comment = comment
    return made
