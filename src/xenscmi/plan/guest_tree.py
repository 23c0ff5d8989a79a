"""A guest's partial device tree: its SCMI node, and the devices with everything that they need.

Nothing in it dangles: what a property leads to is copied too, is one of the guest's own, or the property goes and a
note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from xenscmi.bindings import names
from xenscmi.bindings.interrupts import FIRST_SPI, interrupt_parent
from xenscmi.bindings.properties import compatible, is_available, read_string
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Node, Property, ShapeError
from xenscmi.devicetree.dts import DtsNode, cells, decimal, number, raw, rows, strings
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.plan import terms
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.board import AddressRange
from xenscmi.plan.planned import PlannedDevice
from xenscmi.plan.references import CELLS, CONSUMERS, PROTOCOLS, STATED, Use, entries, uses
from xenscmi.plan.treatment import Treatment, cells_name, treatment
from xenscmi.source import Span

GIC_LABEL = "gic"
SHMEM_LABEL = "scmi_shmem"
LABELS = {"clocks": "scmi_clk", "resets": "scmi_rst", "power_domains": "scmi_pd"}
_RESERVED_LABELS = frozenset((GIC_LABEL, SHMEM_LABEL, *LABELS.values()))
# Regulators that need nothing but a voltage; others are reached by a bus that somebody else has.
_FOLLOWABLE = frozenset(
    (
        "regulator-fixed",
        "fixed-clock",
        "fixed-factor-clock",
        "mmc-pwrseq-simple",
        "mmc-pwrseq-emmc",
        "usb-nop-xceiv",
        "fixed-partitions",
    )
)


@dataclass(frozen=True, slots=True)
class GuestTree:
    """A partial tree to be written, with notes on what was dropped and why, and errors."""

    root: DtsNode
    dropped: tuple[str, ...]
    notes: tuple[Diagnostic, ...]
    errors: tuple[Diagnostic, ...]


def guest_tree(allocation: Allocation, allotment: Allotment) -> GuestTree:
    """Return the partial tree of a guest."""
    builder = _Builder(allocation, allotment)
    root = builder.build()
    dropped = tuple(f"{node.path} goes without {name}: {reason}" for node, name, reason in builder.dropped)
    return GuestTree(root, dropped, tuple(builder.notes()), tuple(builder.errors))


@dataclass(slots=True)
class _Builder:
    allocation: Allocation
    allotment: Allotment
    dropped: list[tuple[Node, str, str]] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    copied: dict[Node, DtsNode] = field(default_factory=dict)
    labels: dict[Node, str] = field(default_factory=dict)
    used_labels: set[str] = field(default_factory=lambda: set(_RESERVED_LABELS))
    followed: list[tuple[Node, PlannedDevice]] = field(default_factory=list)
    protocols: set[str] = field(default_factory=set)
    inside: dict[Node, PlannedDevice] = field(default_factory=dict)

    def build(self) -> DtsNode:
        root = DtsNode("/", properties={"#address-cells": cells(2), "#size-cells": cells(2)})
        top = DtsNode("passthrough")
        top.properties = {
            "compatible": strings("simple-mfd"),
            "#address-cells": cells(2),
            "#size-cells": cells(2),
            "ranges": "",
        }
        self.inside = {node: device for device in self.allotment.domain.devices for node in device.nodes}
        devices = [(device, self._copy(device.node, device, bus=True)) for device in self.allotment.domain.devices]
        others = []
        for node, device in self.followed:  # grows while nodes lead to others
            if node not in self.copied:
                others.append(self._copy(node, device, bus=False))
        if self.allotment.channel is not None:
            top.children += self._scmi()
        top.children += [*others, *(node for _, node in devices)]
        self._unique_names(top)
        for node, label in self.labels.items():
            self.copied[node].label = label
        if any(device.irqs for device in self.allotment.domain.devices):
            root.children.append(_gic())
        root.children.append(top)
        return root

    def _scmi(self) -> Iterator[DtsNode]:
        channel, page = self.allotment.channel, self.allotment.page
        assert channel is not None
        assert page is not None
        shmem = DtsNode(f"sram@{page:x}", SHMEM_LABEL)
        shmem.properties = {"compatible": strings(names.SCMI_SHMEM), "reg": cells(*number(page), *number(PAGE_SIZE))}
        if self.allotment.domain.dom0less:
            shmem.properties[names.XEN_REG] = cells(*number(channel.page), *number(PAGE_SIZE), *number(page))
            shmem.properties[names.XEN_FORCE_ASSIGN] = ""
        yield shmem
        yield scmi_node("scmi", channel.func_id, f"&{SHMEM_LABEL}", self.protocols, LABELS)

    # nodes

    def _copy(self, node: Node, device: PlannedDevice, *, bus: bool) -> DtsNode:
        """Return a node as the guest gets it; `bus`: its parent there has the guest's addresses as they are."""
        made = DtsNode(node.name)
        self.copied[node] = made
        hardware = self.allocation.resolved.board.hardware.get(node)
        regions = hardware.regions if hardware and bus and node in self.inside else ()
        opens = (
            bus
            and "ranges" in node
            and any(
                (found := self.allocation.resolved.board.hardware.get(child)) and found.regions
                for child in node.children
            )
        )
        if regions:
            made.name = f"{node.base_name}@{self.allotment.guest_address(regions[0].start):x}"
        for prop in node.properties:
            self._property(node, prop, device, made, regions)
        if node is device.node:
            self._stated(device, made)
        if not is_available(node) and node is not device.node:
            made.properties["status"] = strings(read_string(node, "status") or "disabled")
        self._cells(node, made, opens=opens)
        if regions and self.allotment.domain.dom0less:
            self._passthrough(node, device, made, regions)
        for child in node.children:
            made.children.append(self._copy(child, device, bus=opens))
        return made

    def _stated(self, device: PlannedDevice, made: DtsNode) -> None:
        """Write the resources that the plan names itself, where the board's tree has none or the guest gets none."""
        without = (*device.section.allow, *device.section.drop)
        for kind, prop in STATED.items():
            numbers = device.section.stated(kind)
            if numbers and (prop not in device.node or prop in without):
                self.protocols.add(kind)
                made.properties[prop] = rows((f"&{LABELS[kind]}", decimal(number)) for number in numbers)

    def _cells(self, node: Node, made: DtsNode, *, opens: bool) -> None:
        """Write the cell counts for the children: the guest's where they have registers, else as they were."""
        if opens:
            made.properties |= {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": ""}
            return
        for name in ("#address-cells", "#size-cells"):
            prop = node.get(name)
            if prop is not None:
                made.properties[name] = raw(prop.value)
        if "interrupt-controller" in node and "#address-cells" not in node:
            made.properties["#address-cells"] = cells(0)  # or dtc complains of it
        if "ranges" in node and node.children and not opens:
            self._note(node, "ranges", "none of its children has registers")

    def _passthrough(self, node: Node, device: PlannedDevice, made: DtsNode, regions: tuple[AddressRange, ...]) -> None:
        mapped = []
        for region in dict.fromkeys(each.pages() for each in regions):
            guest = self.allotment.guest_address(region.start)
            mapped.append((*number(region.start), *number(region.size), *number(guest)))
        made.properties[names.XEN_REG] = rows(mapped)
        made.properties[names.XEN_PATH] = strings(node.path)
        if not self.allocation.resolved.board.protected(node):
            made.properties[names.XEN_FORCE_ASSIGN] = ""

    # properties

    def _property(
        self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode, regions: tuple[AddressRange, ...]
    ) -> None:
        if prop.name in (*device.section.drop, *device.section.allow):
            self._note(node, prop.name, "the plan says so")
            return
        kind = treatment(prop, dict(self.allocation.resolved.map.properties))
        try:
            match kind:
                case Treatment.COPIED:
                    made.properties[prop.name] = raw(prop.value)
                case Treatment.DROPPED:
                    self._drop(node, prop, device, made)
                case Treatment.REFUSED:
                    self._refuse(node, prop, device, "a guest cannot be given what it leads to")
                case Treatment.FOLLOWED:
                    self._follow(node, prop, device, made)
                case Treatment.REWRITTEN:
                    self._rewrite(node, prop, device, made, regions)
        except ShapeError as error:
            self.errors += error.diagnostics

    def _drop(self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode) -> None:
        """Leave a property out, unless all that it leads to is the guest's own (a GPIO, a DMA channel)."""
        counted = cells_name(prop.name)
        leads_to = prop.name if counted else {"dma-names": "dmas"}.get(prop.name)
        if leads_to is not None and self._own(node, leads_to):
            if counted:
                self._follow(node, prop, device, made)
            else:
                made.properties[prop.name] = raw(prop.value)
            return
        reason = "its controller is not the guest's" if counted == "#gpio-cells" else _REASONS.get(_kind(prop.name), "")
        self._note(node, prop.name, reason or "it means nothing to a guest")

    def _own(self, node: Node, name: str) -> bool:
        prop, counted = node.get(name), cells_name(name)
        try:
            found = list(entries(prop, counted)) if prop and counted else []
        except ShapeError:
            return False
        return bool(found) and all(target is None or target in self.inside for target, _, _ in found)

    def _rewrite(
        self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode, regions: tuple[AddressRange, ...]
    ) -> None:
        if prop.name in CONSUMERS:
            self._resources(node, prop, device, made)
        elif prop.name == "reg":
            if regions:
                guest = self.allotment.guest_address
                made.properties["reg"] = rows((*number(guest(each.start)), *number(each.size)) for each in regions)
            else:
                made.properties["reg"] = raw(prop.value)
        elif not (prop.name == "interrupts" and "interrupts-extended" in node):
            self._interrupts(node, prop, device, made)

    def _interrupts(self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode) -> None:
        hardware = self.allocation.resolved.board.hardware[node]
        if hardware.lost and prop.name == "interrupts":
            parent = interrupt_parent(node)
            if parent is not None and parent in self.inside:
                made.properties["interrupt-parent"] = cells(f"&{self._label(parent)}")
                made.properties["interrupts"] = raw(prop.value)
                return
            if node in device.nodes and node is not device.node:
                self._note(node, prop.name, f"its controller is {', '.join(dict.fromkeys(hardware.lost))}")
                return
            where = ", ".join(dict.fromkeys(hardware.lost))
            self._refuse(node, prop, device, f"its controller is {where}, not the interrupt controller of the CPUs")
            return
        for lost in dict.fromkeys(hardware.lost):
            self._note(node, prop.name, f"an interrupt of {lost}")
        shared = [each for each in hardware.interrupts if each.shared]
        if shared:
            made.properties["interrupt-parent"] = cells(f"&{GIC_LABEL}")
            made.properties["interrupts"] = rows((0, decimal(each.number - FIRST_SPI), each.flags) for each in shared)

    def _resources(self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode) -> None:
        """Write references to the guest's SCMI protocols, or to clocks that are copied."""
        written: list[list[int | str]] = []
        for use in uses(prop, self.allocation.resolved.map):
            entry = self._resource(use, device)
            if entry is None:
                self._refuse(node, prop, device, f"{use.target.path if use.target else 'it'} is not the guest's")
                return
            written.append(entry)
        made.properties[prop.name] = rows(written)

    def _resource(self, use: Use, device: PlannedDevice) -> list[int | str] | None:
        if use.target is None:
            return [0]
        if use.scmi_id is not None:
            self.protocols.add(use.kind)
            return [f"&{LABELS[use.kind]}", decimal(use.scmi_id)]
        if use.fixed or use.target in self.inside:
            return [self._reference(use.target, device), *use.cells]
        return None

    def _follow(self, node: Node, prop: Property, device: PlannedDevice, made: DtsNode) -> None:
        counted = cells_name(prop.name)
        written: list[list[int | str]] = []
        if counted is not None:
            found = list(entries(prop, counted))
        else:
            found = [(prop.node_at(index), (), prop.place(4 * index)) for index in range(len(prop.cells()))]
        for target, arguments, _ in found:
            if target is None:
                written.append([0])
            elif target in self.inside or self._followable(target):
                written.append([self._reference(target, device), *arguments])
            elif prop.name == "remote-endpoint":
                self._note(node, prop.name, f"{target.path} is not the guest's")
                return
            else:
                hint = "which has registers: give it to the domain too" if self._has_registers(target) else ""
                self._refuse(node, prop, device, f"it leads to {target.path}, {hint or 'which is not the guest’s'}")
                return
        made.properties[prop.name] = rows(written)

    def _has_registers(self, node: Node) -> bool:
        found = self.allocation.resolved.board.hardware.get(node)
        return bool(found and found.regions)

    def _followable(self, node: Node) -> bool:
        """Return whether a node can be copied: it needs no bus and no registers that another has."""
        found = self.allocation.resolved.board.hardware.get(node)
        if found and (found.regions or found.interrupts):
            return False
        if not _FOLLOWABLE.isdisjoint(compatible(node)):
            return True
        # A PHY without registers at the root, such as a CAN transceiver.
        return node.parent is node.tree.root and "reg" not in node and "#phy-cells" in node

    def _reference(self, node: Node, device: PlannedDevice) -> str:
        if node not in self.inside:
            self.followed.append((node, device))
        return f"&{self._label(node)}"

    def _label(self, node: Node) -> str:
        if node not in self.labels:
            wanted = self.allocation.resolved.board.label(node) or re.sub(r"\W", "_", node.name)
            label = wanted if wanted[0].isalpha() else f"n_{wanted}"
            while label in self.used_labels:
                label += "_"
            self.used_labels.add(label)
            self.labels[node] = label
        return self.labels[node]

    def _unique_names(self, top: DtsNode) -> None:
        seen: set[str] = set()
        for child in top.children:
            base, _, address = child.name.partition("@")
            count = 2
            while child.name in seen:
                child.name = f"{base}-{count}{'@' + address if address else ''}"
                count += 1
            seen.add(child.name)

    def notes(self) -> Iterator[Diagnostic]:
        """Yield what each node goes without, a remark for each."""
        names_of: dict[Node, list[str]] = {}
        for node, name, _ in self.dropped:
            names_of.setdefault(node, []).append(name)
        name = self.allotment.domain.name
        for node, without in names_of.items():
            message = f"{name}: {node.path} goes without {', '.join(without)} ({name}.dts says why)"
            yield Diagnostic(message=message, severity=Severity.INFO, span=self._place(node))

    def _note(self, node: Node, name: str, reason: str) -> None:
        self.dropped.append((node, name, reason))

    def _refuse(self, node: Node, prop: Property, device: PlannedDevice, reason: str) -> None:
        message = f"{node.path} cannot be given to {self.allotment.domain.name}: {prop.name}: {reason}"
        help = f'{{ device = "{device.path}", allow = ["{prop.name}"] }} gives it without'
        self.errors.append(Diagnostic(message=message, span=device.span, help=help))

    def _place(self, node: Node) -> Span | None:
        device = self.inside.get(node)
        return device.span if device else self.allotment.domain.span


_REASONS = {
    "pinctrl": "the pins are set by whom the plan says",
    "iommus": "Xen has the IOMMU",
    "iommu": "Xen has the IOMMU",
    "dmas": "the DMA controller is not the guest's",
    "dma": "the DMA controller is not the guest's",
    "nvmem": "the memory is not the guest's",
    "thermal": "the sensor is not the guest's",
}


def _kind(name: str) -> str:
    return name.partition("-")[0]


def scmi_node(name: str, func_id: int, shmem: str, kinds: set[str], labels: dict[str, str]) -> DtsNode:
    """Return an SCMI node with the protocols for the kinds of resources."""
    node = DtsNode(name)
    node.properties = {"compatible": strings(names.SCMI_SMC), names.SMC_ID: cells(func_id), "shmem": cells(shmem)}
    if kinds:
        node.properties |= {"#address-cells": cells(1), "#size-cells": cells(0)}
    for kind, protocol in PROTOCOLS.items():
        if kind in kinds:
            child = node.add(f"protocol@{protocol:x}", label=labels[kind])
            child.properties = {"reg": cells(protocol), CELLS[kind]: cells(1)}
    return node


def _gic() -> DtsNode:
    """Return the stub that stands for the interrupt controller that Xen or libxl puts in."""
    node = DtsNode("gic", GIC_LABEL, comment="Stands for the guest's interrupt controller; only its phandle matters.")
    node.properties = {
        "#interrupt-cells": cells(3),
        "#address-cells": cells(0),
        "interrupt-controller": "",
        "phandle": cells(decimal(terms.GIC_PHANDLE)),
    }
    return node
