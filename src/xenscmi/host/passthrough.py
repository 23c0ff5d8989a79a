"""Devices of the host that domains get, SCMI or not: by `dtdev`, by `xen,path`, and what Xen leaves to dom0.

What each domain gets with a device, its registers, interrupts and node, stands in files of different kinds; here they
are found. Nothing here compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xenscmi.bindings.addresses import RegEntry, translate, written_reg
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.interrupts import FIRST_SPI, INTERRUPTS, Cells, InterruptEntry, gic_number, interrupt_entries
from xenscmi.bindings.names import PASSTHROUGH, XEN_PATH
from xenscmi.bindings.properties import (
    PathFinder,
    compatible,
    is_available,
    is_for_passthrough,
    path_finder,
    read_string,
)
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Tree
from xenscmi.host.address_map import AddressMap
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.guest_memory import GuestMemory
from xenscmi.host.partial import resource_uses
from xenscmi.host.registers import RegisterUse, register_map, registers
from xenscmi.host.types import DomainKind, GuestMapping, Host, HostDomain, ResourceUse
from xenscmi.source import Span

_GUEST_CELLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDevice:
    """A device that a domain gets: its node in the host tree, and in the partial tree where that has one.

    `setting` is what gives it, `dtdev` or `xen,path`, and `span` where.
    """

    domain: HostDomain
    node: Node
    setting: str
    span: Span
    guest: Node | None = None

    @property
    def is_alike(self) -> bool:
        """Whether the two nodes can be one device: `compatible` says so, or does not say."""
        theirs, own = compatible(self.guest) if self.guest else (), compatible(self.node)
        return not theirs or not own or not set(theirs).isdisjoint(own)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestInterrupt:
    """An interrupt of a node of a partial tree: its cells, and the GIC's number that they mean."""

    number: int
    specifier: Cells
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptOwner:
    """A domain that gets an interrupt: with which node of the host, where one has it, and what says so."""

    domain: HostDomain
    number: int
    node: Node | None
    span: Span


class DeviceOwners:
    """The devices of a host by their owners; each answer is worked out on first use."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def _finder(self) -> PathFinder | None:
        return path_finder(self.host.tree) if self.host.tree else None

    def node(self, path: str | None) -> Node | None:
        """Return the host's node at a path, as Xen finds it: case does not matter."""
        return self._finder.find(path) if self._finder and path else None

    @cached_property
    def given(self) -> tuple[GivenDevice, ...]:
        """The devices that domains other than dom0 get, in the order of the domains."""
        return tuple(each for domain in self.host.domains for each in self._given(domain))

    def given_as(self, domain: HostDomain, path: str) -> GivenDevice | None:
        """Return the device that a domain gets as the node at a path of its partial tree."""
        return self._given_as.get((id(domain), path))

    @cached_property
    def _given_as(self) -> dict[tuple[int, str], GivenDevice]:
        return {(id(each.domain), each.guest.path): each for each in self.given if each.guest is not None}

    def _given(self, domain: HostDomain) -> Iterator[GivenDevice]:
        for path in domain.dtdevs:
            node = self.node(path.value)
            if node is not None:
                guest = self._guest_node(domain, node)
                yield GivenDevice(domain=domain, node=node, setting="dtdev", span=path.span, guest=guest)
        for each in domain.tree.nodes if domain.tree and domain.kind is DomainKind.DOM0LESS else ():
            node = self.node(each.host_path.value) if each.host_path else None
            if node is not None and each.host_path is not None and each.mappings is not None and domain.tree:
                guest = domain.tree.tree.node(each.path)
                yield GivenDevice(domain=domain, node=node, setting=XEN_PATH, span=each.host_path.span, guest=guest)

    def _guest_node(self, domain: HostDomain, node: Node) -> Node | None:
        """Return the node of the partial tree that stands for a device: by registers, by name, or by `compatible`."""
        guests = self._guests[id(domain)]
        starts = [region.start for region in registers(node)]
        by_registers = next((guest for start in starts if (guest := guests.by_start.get(start))), None)
        alike = guests.by_compatible.get(next(iter(compatible(node)), "")) if starts else None
        return by_registers or guests.by_name.get(node.name.lower()) or alike

    @cached_property
    def _guests(self) -> dict[int, _GuestNodes]:
        return {id(each): _GuestNodes(each, self.memory(each)) for each in self.host.domains}

    def memory(self, domain: HostDomain) -> GuestMemory:
        """Return the mappings of a domain of this host."""
        return self._memories[id(domain)]

    @cached_property
    def _memories(self) -> dict[int, GuestMemory]:
        return {id(each): GuestMemory(each) for each in self.host.domains}

    @cached_property
    def kept_by_dom0(self) -> dict[Node, HostDomain]:
        """The nodes whose devices dom0 has for itself: those that it gets and that are not set aside for a guest."""
        return dict.fromkeys(_kept_nodes(self.host.tree), self._dom0) if self._dom0 and self.host.tree else {}

    @cached_property
    def _dom0(self) -> HostDomain | None:
        return next((each for each in self.host.domains if each.kind is DomainKind.DOM0), None)

    @property
    def resource_users_of_dom0(self) -> tuple[tuple[Node, tuple[ResourceUse, ...]], ...]:
        """The devices that dom0 has for itself and that use SCMI resources, by whichever channel."""
        return _kept_users(self.host.tree) if self._dom0 and self.host.tree else ()

    @cached_property
    def registers_kept_by_dom0(self) -> AddressMap[RegisterUse]:
        """The registers of the devices that dom0 has for itself."""
        return _kept_registers(self.host.tree) if self.kept_by_dom0 and self.host.tree else AddressMap(())

    @cached_property
    def registers_of_dom0(self) -> AddressMap[RegisterUse]:
        """The registers that Xen allows dom0 to map, and so to give to other domains: those of every node it gets."""
        return _dom0_registers(self.host.tree) if self.host.tree else AddressMap(())

    @cached_property
    def interrupts_of_dom0(self) -> frozenset[int]:
        """The interrupts that Xen allows dom0 to give to other domains: those of every node it gets."""
        return _dom0_interrupts(self.host.tree) if self.host.tree else frozenset()

    @cached_property
    def interrupt_owners(self) -> dict[int, tuple[InterruptOwner, ...]]:
        """Who gets which interrupt, by the GIC's number: dom0 first, then in the order of the domains."""
        found: dict[int, list[InterruptOwner]] = {}
        for each in self._interrupt_owners():
            found.setdefault(each.number, []).append(each)
        return {number: tuple(owners) for number, owners in found.items()}

    def _interrupt_owners(self) -> Iterator[InterruptOwner]:
        tree, dom0 = self.host.tree, self._dom0
        if tree is not None and dom0 is not None:
            for node, number, span in _kept_interrupts(tree):
                yield InterruptOwner(domain=dom0, number=number, node=node, span=span)
        for given in self.given:
            for number, _ in spis(given.node) if given.domain.kind is DomainKind.DOM0LESS else ():
                yield InterruptOwner(domain=given.domain, number=number, node=given.node, span=given.span)
        for domain in self.host.domains:
            for irq in domain.irqs:
                if irq.value is not None:
                    holder = self.with_interrupt(domain, irq.value)
                    yield InterruptOwner(domain=domain, number=irq.value, node=holder, span=irq.span)

    def with_interrupt(self, domain: HostDomain, number: int) -> Node | None:
        """Return the device of a domain that has an interrupt: given by `dtdev`, or mapped by `iomem`."""
        return self._reached[id(domain)].get(number)

    @cached_property
    def _reached(self) -> dict[int, dict[int, Node]]:
        """The devices that each domain is given or whose registers it maps, by their interrupts."""
        found: dict[int, dict[int, Node]] = {id(each): {} for each in self.host.domains}
        for given in self.given:
            found[id(given.domain)] |= {number: given.node for number, _ in spis(given.node)}
        for domain in self.host.domains:
            for node in {use.node: None for each in domain.iomem for use in self._uses(each)}:
                for number, _ in spis(node):
                    found[id(domain)].setdefault(number, node)
        return found

    def _uses(self, mapping: GuestMapping) -> Iterator[RegisterUse]:
        return self.registers_of_dom0.within(mapping.host, mapping.host + mapping.size)


@once
def _kept_nodes(tree: Tree) -> tuple[Node, ...]:
    return tuple(node for node in dom0_nodes(tree) if not is_for_passthrough(node))


@once
def _kept_registers(tree: Tree) -> AddressMap[RegisterUse]:
    return register_map(_kept_nodes(tree))


@once
def _kept_interrupts(tree: Tree) -> tuple[tuple[Node, int, Span], ...]:
    return tuple((node, number, entry.span) for node in _kept_nodes(tree) for number, entry in spis(node))


@once
def _kept_users(tree: Tree) -> tuple[tuple[Node, tuple[ResourceUse, ...]], ...]:
    return tuple((node, uses) for node in _kept_nodes(tree) if (uses := resource_uses(node)) and is_available(node))


@once
def _dom0_registers(tree: Tree) -> AddressMap[RegisterUse]:
    return register_map(dom0_nodes(tree), windows=True)


@once
def _dom0_interrupts(tree: Tree) -> frozenset[int]:
    return frozenset(number for node in dom0_nodes(tree) for number, _ in spis(node))


class _GuestNodes:
    """The nodes of a partial tree that may stand for a device, by what tells which; the first one counts."""

    def __init__(self, domain: HostDomain, memory: GuestMemory) -> None:
        self.by_start: dict[int, Node] = {}
        self.by_name: dict[str, Node] = {}
        self.by_compatible: dict[str, Node] = {}
        for node in guest_nodes(domain):
            if read_string(node, XEN_PATH) is not None:
                continue
            self.by_name.setdefault(node.name.lower(), node)
            for entry in guest_registers(node)[:1]:
                self.by_start.setdefault(memory.host_address(entry.address), node)
                for each in compatible(node):
                    self.by_compatible.setdefault(each, node)


@once
def spis(node: Node) -> tuple[tuple[int, InterruptEntry], ...]:
    """Return a node's interrupts that a domain can have: shared ones at the GIC, with the GIC's number."""
    return tuple(
        (number, entry)
        for entry in interrupt_entries(node)
        if (number := entry.number) is not None and number >= FIRST_SPI
    )


def guest_nodes(domain: HostDomain) -> tuple[Node, ...]:
    """Return the nodes below `/passthrough` of a domain's partial tree."""
    return _passthrough_nodes(domain.tree.tree) if domain.tree else ()


@once
def _passthrough_nodes(tree: Tree) -> tuple[Node, ...]:
    passthrough = tree.node(PASSTHROUGH)
    return tuple(passthrough.walk())[1:] if passthrough else ()


@once
def guest_registers(node: Node) -> tuple[RegEntry, ...]:
    """Return the registers of a node of a partial tree, as the guest sees them; as written where nothing translates."""
    written = written_reg(node)
    try:
        return tuple(translate(node, index) for index in range(len(written)))
    except BindingError:
        return written


def guest_interrupts(node: Node) -> tuple[GuestInterrupt, ...]:
    """Return the shared interrupts of a node of a partial tree, whose parent usually is the GIC that Xen makes."""
    return tuple(each for each in interrupts_as_written(node) if each.number >= FIRST_SPI)


@once
def interrupts_as_written(node: Node) -> tuple[GuestInterrupt, ...]:
    """Return all interrupts of a node of a partial tree, three cells each; those that are not shared as well."""
    prop = node.get(INTERRUPTS)
    if prop is None:
        return ()
    count = len(prop.value) // 4
    cells = [int.from_bytes(prop.value[4 * at : 4 * at + 4], "big") for at in range(count)]
    found = []
    for at in range(0, count - _GUEST_CELLS + 1, _GUEST_CELLS):
        specifier = tuple(cells[at : at + _GUEST_CELLS])
        number = gic_number(specifier)
        if number is not None:
            span = prop.place(4 * at, 4 * _GUEST_CELLS)
            found.append(GuestInterrupt(number=number, specifier=specifier, span=span))
    return tuple(found)


def unit_address(node: Node | None) -> int | None:
    """Return the address in a node's name; None where it has none, or one of another form."""
    text = node.unit_address if node else None
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None
