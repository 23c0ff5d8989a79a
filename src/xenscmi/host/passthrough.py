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
from xenscmi.bindings.interrupts import FIRST_SPI, INTERRUPTS, InterruptEntry, gic_number, interrupt_entries
from xenscmi.bindings.names import PASSTHROUGH, XEN_PATH
from xenscmi.bindings.properties import PathFinder, compatible, is_compatible, is_for_passthrough, read_string
from xenscmi.devicetree.tree import Node
from xenscmi.host.dom0 import console_node, dom0_nodes
from xenscmi.host.registers import RegisterMap, RegisterUse, bus_windows, registers
from xenscmi.host.types import DomainKind, Host, HostDomain
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestInterrupt:
    """An interrupt of a node of a partial tree, by the GIC's number."""

    number: int
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
        return PathFinder(self.host.tree) if self.host.tree else None

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
        starts = {region.start for region in registers(node)}
        named = alike = None
        for guest in guest_nodes(domain):
            if read_string(guest, XEN_PATH) is not None:
                continue
            entries = guest_registers(guest)
            if entries and host_address(domain, entries[0].address) in starts:
                return guest
            if guest.name.lower() == node.name.lower():
                named = named or guest
            if starts and entries and is_compatible(guest, *compatible(node)[:1]):
                alike = alike or guest
        return named or alike

    @cached_property
    def kept_by_dom0(self) -> dict[Node, HostDomain]:
        """The nodes whose devices dom0 has for itself: those that it gets and that are not set aside for a guest."""
        dom0 = next((each for each in self.host.domains if each.kind is DomainKind.DOM0), None)
        if dom0 is None or self.host.tree is None:
            return {}
        return {node: dom0 for node in dom0_nodes(self.host.tree) if not is_for_passthrough(node)}

    @cached_property
    def registers_of_dom0(self) -> RegisterMap:
        """The registers that Xen allows dom0 to map, and so to give to other domains: those of every node it gets."""
        tree = self.host.tree
        return RegisterMap(
            RegisterUse(node, region)
            for node in (dom0_nodes(tree) if tree else ())
            for region in (*registers(node), *bus_windows(node))
        )

    @cached_property
    def interrupts_of_dom0(self) -> frozenset[int]:
        """The interrupts that Xen allows dom0 to give to other domains: those of every node it gets."""
        tree = self.host.tree
        return frozenset(number for node in (dom0_nodes(tree) if tree else ()) for number, _ in spis(node))

    @cached_property
    def interrupt_owners(self) -> dict[int, tuple[InterruptOwner, ...]]:
        """Who gets which interrupt, by the GIC's number: dom0 first, then in the order of the domains."""
        found: dict[int, list[InterruptOwner]] = {}
        for each in self._interrupt_owners():
            found.setdefault(each.number, []).append(each)
        return {number: tuple(owners) for number, owners in found.items()}

    def _interrupt_owners(self) -> Iterator[InterruptOwner]:
        for node, dom0 in self.kept_by_dom0.items():
            for number, entry in spis(node):
                yield InterruptOwner(domain=dom0, number=number, node=node, span=entry.span)
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
        return next((node for node in self.reached(domain) if any(own == number for own, _ in spis(node))), None)

    def reached(self, domain: HostDomain) -> Iterator[Node]:
        """Yield the devices that a toolstack's domain is given or whose registers it maps."""
        for given in self.given:
            if given.domain is domain:
                yield given.node
        for mapping in domain.iomem:
            for use in self.registers_of_dom0.within(mapping.host, mapping.host + mapping.size):
                yield use.node

    @cached_property
    def console(self) -> Node | None:
        """The UART that Xen uses as its console."""
        return console_node(self.host.tree) if self.host.tree else None


def spis(node: Node) -> Iterator[tuple[int, InterruptEntry]]:
    """Yield a node's interrupts that a domain can have: shared ones at the GIC, with the GIC's number."""
    for entry in interrupt_entries(node):
        number = entry.number
        if number is not None and number >= FIRST_SPI:
            yield number, entry


def guest_nodes(domain: HostDomain) -> Iterator[Node]:
    """Yield the nodes below `/passthrough` of a domain's partial tree."""
    passthrough = domain.tree.tree.node(PASSTHROUGH) if domain.tree else None
    for node in passthrough.walk() if passthrough else ():
        if node is not passthrough:
            yield node


def guest_registers(node: Node) -> tuple[RegEntry, ...]:
    """Return the registers of a node of a partial tree, as the guest sees them; as written where nothing translates."""
    written = written_reg(node)
    try:
        return tuple(translate(node, index) for index in range(len(written)))
    except BindingError:
        return written


def guest_interrupts(node: Node) -> tuple[GuestInterrupt, ...]:
    """Return the shared interrupts of a node of a partial tree, whose parent usually is the GIC that Xen makes."""
    prop = node.get(INTERRUPTS)
    if prop is None:
        return ()
    count = len(prop.value) // 4
    cells = [int.from_bytes(prop.value[4 * at : 4 * at + 4], "big") for at in range(count)]
    found = []
    for at in range(0, count - _GUEST_CELLS + 1, _GUEST_CELLS):
        number = gic_number(tuple(cells[at : at + _GUEST_CELLS]))
        if number is not None and number >= FIRST_SPI:
            found.append(GuestInterrupt(number=number, span=prop.place(4 * at, 4 * _GUEST_CELLS)))
    return tuple(found)


def host_address(domain: HostDomain, address: int) -> int:
    """Return the host address behind a guest address; the address itself where nothing maps it."""
    mapped = domain.iomem
    if domain.kind is DomainKind.DOM0LESS:
        nodes = domain.tree.nodes if domain.tree else ()
        mapped = tuple(each for node in nodes if node.mappings for each in node.mappings.value or ())
    for mapping in reversed(mapped):
        if mapping.guest <= address < mapping.guest + mapping.size:
            return mapping.host + address - mapping.guest
    return address


def unit_address(node: Node | None) -> int | None:
    """Return the address in a node's name; None where it has none, or one of another form."""
    text = node.unit_address if node else None
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None
