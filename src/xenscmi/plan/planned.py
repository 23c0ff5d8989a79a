"""A plan resolved on its board: what each domain is to be given."""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.bindings.properties import compatible, read_string
from xenscmi.devicetree import Node
from xenscmi.plan import terms
from xenscmi.plan.board import Board, DeviceResources
from xenscmi.plan.reading import ReadPlan
from xenscmi.plan.resource_map import ResourceMap
from xenscmi.plan.schema import DevicePlan, Dom0Plan, DomainPlan
from xenscmi.source import Span

DOM0 = "dom0"
XEN = "Xen"


@dataclass(frozen=True, slots=True)
class ScmiDevice:
    """A device as the firmware counts: its SCMI device id (None until one is allocated) and its resources by kind."""

    id: int | None
    resources: dict[str, frozenset[int]]


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDevice:
    """A device of the board that a domain is given, with all that is below it in the tree.

    `scmi` is what it is in the firmware: one device or several; only the first may still be without an id.
    `resources` are what the device uses, by kind.
    """

    node: Node
    nodes: tuple[Node, ...]
    hardware: tuple[DeviceResources, ...]
    section: DevicePlan
    scmi: tuple[ScmiDevice, ...]
    resources: dict[str, frozenset[int]]
    span: Span

    @property
    def path(self) -> str:
        return self.node.path

    @property
    def irqs(self) -> tuple[int, ...]:
        """Its interrupts as Xen counts them, each once, in the order of the tree."""
        numbers = (each.number for hardware in self.hardware for each in hardware.interrupts if each.shared)
        return tuple(dict.fromkeys(numbers))

    @property
    def controlled(self) -> bool:
        """Whether the firmware knows it: it uses something of the firmware, or has an id there."""
        return any(each.id is not None or any(each.resources.values()) for each in self.scmi)

    def owned(self, kind: str) -> frozenset[int]:
        """Return the resources of a kind that the firmware counts to it, under any of its ids."""
        return frozenset(number for each in self.scmi for number in each.resources[kind])


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDomain:
    """A domain of the plan with its devices; `section` is None for dom0."""

    name: str
    section: DomainPlan | None
    devices: tuple[PlannedDevice, ...]
    agent: bool
    insisted: int | None
    span: Span

    @property
    def dom0less(self) -> bool:
        return self.section is not None and self.section.kind == "dom0less"


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedPlan:
    """A plan on its board.

    `domains` start with dom0, if there is one; `owners` has the owner of each given node, and the place in the plan
    that gives it; `console` is Xen's UART.
    """

    read: ReadPlan
    board: Board
    map: ResourceMap
    domains: tuple[PlannedDomain, ...]
    owners: dict[Node, tuple[str, Span]]
    console: Node | None

    @property
    def dom0(self) -> PlannedDomain | None:
        return next((domain for domain in self.domains if domain.section is None), None)

    @property
    def dom0_section(self) -> Dom0Plan:
        found = self.read.plan.dom0
        return found if isinstance(found, Dom0Plan) else Dom0Plan()

    def owner(self, node: Node) -> str | None:
        """Return the owner of a node: a domain, Xen, or else dom0 if there is one."""
        if node in self.owners:
            return self.owners[node][0]
        if node is self.console or kept_by_xen(node):
            return XEN
        return DOM0 if self.read.plan.dom0 is not False else None

    @property
    def guests(self) -> tuple[PlannedDomain, ...]:
        return tuple(domain for domain in self.domains if domain.section is not None)


def kept_by_xen(node: Node) -> bool:
    """Return whether Xen keeps a node to itself: interrupt controllers, timers, IOMMUs, CPUs, the RAM."""
    kinds = compatible(node)
    return (
        not terms.XEN_KEEPS.isdisjoint(kinds)
        or read_string(node, "device_type") == "memory"
        or (node.name == "cpus" and node.parent is node.tree.root)
        or any(each.name == "cpus" and each.parent is node.tree.root for each in node.ancestors())
    )
