"""Conflicts: devices that share a page, an interrupt or a resource with others, or that xl cannot assign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xenscmi.devicetree import Node
from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.plan import guest_layout
from xenscmi.plan.board import AddressRange, Board
from xenscmi.plan.planned import XEN, PlannedDevice, PlannedDomain, ResolvedPlan
from xenscmi.plan.resource_map import KINDS
from xenscmi.source import Span


def conflicts(resolved: ResolvedPlan) -> list[Diagnostic]:
    """Return an error for each device that cannot be given as the plan says."""
    return _Conflicts(resolved).find()


def remarks(resolved: ResolvedPlan) -> Iterator[Diagnostic]:
    """Yield what is worth saying: devices whose bus has a window of registers over them, which dom0 can reach."""
    for domain in resolved.guests:
        for device in domain.devices:
            windows = {
                bus.path: None
                for hardware in device.hardware
                for region in hardware.regions
                for bus in resolved.board.in_pages(region)
                if _is_window(resolved.board, bus, hardware.node, region)
                and resolved.owner(bus) not in (None, domain.name)
            }
            for path in windows:
                message = f"{domain.name}: dom0 can reach {device.path}, too: its bus {path} has registers over it"
                yield Diagnostic(message=message, severity=Severity.INFO, span=device.span)


def _is_window(board: Board, bus: Node, node: Node, region: AddressRange) -> bool:
    """Return whether a node above another has all of its registers in one of its own: a bus and its window."""
    return bus in node.ancestors() and any(
        own.start <= region.start and region.end <= own.end for own in board.hardware[bus].regions
    )


@dataclass(slots=True)
class _Conflicts:
    resolved: ResolvedPlan
    errors: list[Diagnostic] = field(default_factory=list)

    def find(self) -> list[Diagnostic]:
        for domain in self.resolved.guests:
            for device in domain.devices:
                self._check_parted(domain, device)
                self._check_irqs(domain, device)
                self._check_pins(domain, device)
        self._check_iommu(self.resolved.guests)
        self._check_shared_resources(self.resolved.domains)
        return self.errors

    def _error(self, message: str, span: Span, help: str = "", *related: Annotation) -> None:
        self.errors.append(Diagnostic(message=message, span=span, help=help, related=related))

    def _check_parted(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        """Refuse a device that shares a page of registers or an interrupt with another domain's."""
        for hardware in device.hardware:
            for region in hardware.regions:
                board = self.resolved.board
                others = (
                    node
                    for node in board.in_pages(region)
                    if node is not hardware.node and not _is_window(board, node, hardware.node, region)
                )
                self._refuse_shared(domain, device, others, f"the page at {region.pages().start:#x}", "registers")
            for interrupt in hardware.interrupts:
                others = (node for node in self.resolved.board.on_line[interrupt.number] if node is not hardware.node)
                self._refuse_shared(domain, device, others, f"interrupt {interrupt.number}", "an interrupt")

    def _refuse_shared(
        self, domain: PlannedDomain, device: PlannedDevice, others: Iterable[Node], what: str, word: str
    ) -> None:
        for other in dict.fromkeys(others):
            owner = self.resolved.owner(other)
            if owner in (None, domain.name):
                continue
            message = f"{device.path} of {domain.name} shares {what} with {other.path}, which is {owner}'s"
            group = f'groups = [["{device.path}", "{other.path}"]]'
            help = f"{word} cannot be parted: give both to one domain ({group} in [board] does)"
            if owner == XEN:
                help = f"{word} cannot be parted, and Xen keeps the other: leave the device to dom0"
            self._error(message, device.span, help)

    def _check_irqs(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        section = domain.section
        assert section is not None
        allowed = device.section.allow
        for hardware in device.hardware:
            for interrupt in hardware.interrupts:
                if not interrupt.shared and "interrupts" not in allowed:
                    message = f"{hardware.node.path} has a private interrupt ({interrupt.number}) of each CPU"
                    self._error(message, device.span, 'no guest can be given it; allow = ["interrupts"] goes without')
        console = section.vpl011 if domain.dom0less else section.xl.get("vuart") == "sbsa_uart"
        if console and guest_layout.VPL011_IRQ in device.irqs:
            help = "give the domain no virtual PL011"
            self._error(f"{device.path} has interrupt 32, which the virtual PL011 has", device.span, help)

    def _check_pins(self, domain: PlannedDomain, device: PlannedDevice) -> None:
        if self.resolved.read.plan.board.pins is None and any("pinctrl-0" in node for node in device.nodes):
            help = 'guests cannot: write pins = "boot-loader", "firmware" or "dom0" into [board]'
            self._error(f"nothing says who sets the pins of {device.path} of {domain.name}", device.span, help)

    def _check_iommu(self, guests: tuple[PlannedDomain, ...]) -> None:
        """Refuse devices of toolstack domains where Xen uses no IOMMU: libxl assigns none there (`dtdev`)."""
        board = self.resolved.board
        nodes = [node for domain in guests for device in domain.devices for node in device.nodes]
        # The overlay switches those on that stand before a guest's device.
        if board.has_iommu or any(board.protected(node) for node in nodes):
            return
        for domain in guests:
            for device in domain.devices if not domain.dom0less else ():
                if device.controlled:
                    message = f"xl cannot assign {device.path} to {domain.name}: Xen uses no IOMMU on this board"
                    self._error(message, device.span, 'write kind = "dom0less": Xen itself can assign it at boot')

    def _check_shared_resources(self, domains: tuple[PlannedDomain, ...]) -> None:
        """Refuse a clock, reset or power domain that the devices of two domains use."""
        users: dict[tuple[str, int], tuple[str, PlannedDevice]] = {}
        for domain in domains:
            for device in domain.devices:
                for kind in KINDS:
                    for number in sorted(device.owned(kind) - self.resolved.map.shared[kind]):
                        name, other = users.setdefault((kind, number), (domain.name, device))
                        if name == domain.name:
                            continue
                        word = kind.replace("_", " ")[:-1]
                        message = (
                            f"{word} {number} is used by {device.path} of {domain.name} and by {other.path} of {name}"
                        )
                        help = "the firmware cannot part it: give both devices to one domain (groups in [board])"
                        related = Annotation(span=other.span, label=f"{name} is given it here")
                        self._error(message, device.span, help, related)
