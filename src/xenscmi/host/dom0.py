"""Which nodes of the host's device tree dom0 gets, and which of them Xen cannot map.

After handle_node in xen/arch/arm/domain_build.c and handle_device in xen/arch/arm/device.c.
"""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.bindings.addresses import LAST_ADDRESS, address_count, physical_ranges, translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import uses_ppis
from xenscmi.bindings.names import (
    CHOSEN,
    REPLACED_FOR_DOM0,
    SKIPPED_FOR_DOM0,
    STDOUT_PATH,
    XEN_IOMMUS,
)
from xenscmi.bindings.properties import compatible, device_type, has_path, read_string
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.host.command_line import command_line
from xenscmi.host.registers import registers
from xenscmi.source import Span

_KEPT = SKIPPED_FOR_DOM0 | REPLACED_FOR_DOM0 | XEN_IOMMUS


def kept_from_dom0(node: Node) -> bool:
    """Return whether Xen keeps a node, and all below it, to itself or makes its own in its place."""
    return (
        not _KEPT.isdisjoint(compatible(node))
        or has_path(node, "/cpus")
        or (device_type(node) or "").lower() == "memory"
    )


def console_node(tree: Tree) -> Node | None:
    """Return the UART that Xen uses as its console: by `dtuart=` on its command line, or by `stdout-path`."""
    chosen = tree.node(CHOSEN)
    if chosen is None:
        return None
    named = [word.removeprefix("dtuart=") for word in command_line(tree).split() if word.startswith("dtuart=")]
    return tree.resolve(named[-1] if named else read_string(chosen, STDOUT_PATH) or "")


@once
def dom0_nodes(tree: Tree) -> tuple[Node, ...]:
    """Return the nodes that dom0 gets, in order, regardless of whether it has an agent.

    A node with interrupts that are private to each CPU is not dom0's: Xen cannot give those.
    """
    console, pending, found = console_node(tree), [tree.root], []
    while pending:
        node = pending.pop()
        if node is not console and not kept_from_dom0(node) and not uses_ppis(node):
            found.append(node)
            pending.extend(reversed(list(node.children)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class UnmappableDevice:
    """A device of dom0 of which Xen cannot map something: `what` that is ("address 0", "ranges"), and why not."""

    node: Node
    what: str
    problem: Diagnostic


@once
def unmappable_devices(tree: Tree) -> tuple[UnmappableDevice, ...]:
    """Return the devices that Xen must map to dom0 and cannot, each with the first reason (handle_device).

    Xen maps the registers of a device and, of a PCI bridge, the windows of its bus.
    """
    return tuple(found for node in dom0_nodes(tree) if (found := _unmappable(node)) is not None)


def _unmappable(node: Node) -> UnmappableDevice | None:
    found = _unmappable_registers(node)
    if found is None and (device_type(node) or "").lower() == "pci":
        found = _unmappable_windows(node)
    return found


def _unmappable_registers(node: Node) -> UnmappableDevice | None:
    regions = registers(node)
    for index, region in enumerate(regions):
        if region.end > LAST_ADDRESS:
            return UnmappableDevice(node, f"address {index}", _too_high(node, region.start, region.size, region.span))
    if len(regions) < address_count(node):
        try:
            translate(node, len(regions))
        except BindingError as error:
            return UnmappableDevice(node, f"address {len(regions)}", error.diagnostic)
    return None


def _unmappable_windows(node: Node) -> UnmappableDevice | None:
    try:
        for window in physical_ranges(node):
            if window.address is None:
                if window.problem is not None and window.size:
                    raise window.problem
            elif window.address + window.size > LAST_ADDRESS:
                return UnmappableDevice(node, "ranges", _too_high(node, window.address, window.size, node.span))
    except BindingError as error:
        return UnmappableDevice(node, "ranges", error.diagnostic)
    return None


def _too_high(node: Node, start: int, size: int, span: Span) -> Diagnostic:
    return Diagnostic(message=f"{node.path}: {size:#x} bytes from {start:#x} end beyond the last address", span=span)
