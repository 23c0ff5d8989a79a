"""What follows from what a host says: who wants which agent, who owns a page, which device goes to which domain.

Rules, tables and plans look things up here. The index does not judge: where the files contradict themselves, it shows
it. It decides by code of its own what Xen will do; the model of Xen decides again, and tests hold them to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any, TypeVar

from xenscmi.config.constants import INVALID_AGENT_ID, PAGE_SIZE
from xenscmi.devicetree.tree import Node
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.dom0 import UnmappableDevice, unmappable_devices
from xenscmi.host.guest_memory import mappings, maps_guest
from xenscmi.host.passthrough import DeviceOwners
from xenscmi.host.types import (
    AccessController,
    Container,
    Device,
    Dialect,
    DomainKind,
    FirmwareAgent,
    FirmwareDevice,
    GuestNode,
    Host,
    HostDomain,
    ResourceUse,
    ScmiNode,
    SecondaryAgent,
    Shmem,
    Stated,
)
from xenscmi.source import Span

T = TypeVar("T")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.firmware.resources import Platform

XEN = "Xen's own channel"
CURRENT_DIALECTS = (Dialect.CONTAINER, Dialect.CONTAINER_V7)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of shared memory: `owner` names who has it, `row` is its row of the list, None for Xen's own."""

    address: int
    owner: str
    row: SecondaryAgent | None
    span: Span


@dataclass(frozen=True, slots=True)
class Assignment:
    """A device given to a domain: `span` is the place that says so, `node` the node of a partial tree, if it is one."""

    domain: HostDomain
    device: Device
    span: Span
    node: GuestNode | None = None


class Index:
    """A host with everything that is looked up more than once; each answer is worked out on first use."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._answers: dict[object, Any] = {}

    def once(self, question: Callable[[Host], T]) -> T:
        """Return what a function of the host answers, worked out once: for what only rooms above know."""
        if question not in self._answers:
            self._answers[question] = question(self.host)
        answer: T = self._answers[question]
        return answer

    @cached_property
    def passthrough(self) -> DeviceOwners:
        """The devices that domains get, SCMI or not."""
        return DeviceOwners(self.host)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The containers that Xen finds; if there are none, those that older versions of the series would find."""
        current = tuple(each for each in self.host.containers if each.dialect in CURRENT_DIALECTS)
        return current or self.host.containers

    @cached_property
    def container(self) -> Container | None:
        """The container that Xen uses: the first in the tree. Xen does not see containers of older dialects."""
        first = next(iter(self.containers), None)
        return first if first and first.dialect in CURRENT_DIALECTS else None

    @cached_property
    def management_nodes(self) -> tuple[ScmiNode, ...]:
        """The SCMI nodes below any container, each once, even where containers are nested."""
        return tuple({node.path: node for each in self.containers for node in each.management}.values())

    @cached_property
    def management(self) -> ScmiNode | None:
        """The SCMI node that Xen binds to: the first below a container that is neither disabled nor passed through."""
        return next((node for node in self.management_nodes if node.available and not node.passthrough), None)

    @cached_property
    def rows(self) -> tuple[SecondaryAgent, ...]:
        """The rows of the list that Xen reads: those before the first whose page it cannot find."""
        listed = self.container.agents if self.container else ()
        return tuple(takewhile(lambda row: row.shmem.value is not None and row.shmem.value.address is not None, listed))

    @cached_property
    def broken_row(self) -> SecondaryAgent | None:
        """The row at which Xen gives up, because it cannot find the page; None where it reads all rows."""
        listed = self.container.agents if self.container else ()
        return listed[len(self.rows)] if len(self.rows) < len(listed) else None

    @cached_property
    def lists_agents(self) -> bool:
        """Whether Xen has a list of agents whose ids are all known, so that one can be reported as missing."""
        return (
            bool(self.rows)
            and self.broken_row is None
            and all(
                row.agent_id is not None
                or ((known := self.firmware_by_func_id.get(row.func_id.value)) and known.shmem == page(row.shmem))
                for row in self.rows
            )
        )

    def agent_id(self, row: SecondaryAgent) -> int | None:
        """Return a row's agent id: the stated one, or what the firmware would answer; None where that is unknown."""
        if row.agent_id is not None:
            return row.agent_id.value
        known = self.firmware_by_func_id.get(row.func_id.value)
        return known.agent_id if known else None

    def row_name(self, row: SecondaryAgent) -> str:
        """Return a name for a row: by its agent id, or by its function id where the agent id is unknown."""
        number = self.agent_id(row)
        return f"the agent of {row.func_id.value:#x}" if number is None else f"agent {number}"

    @cached_property
    def row_by_id(self) -> dict[int, SecondaryAgent]:
        """The row whose channel Xen gives to a domain that asks for an agent id: the first with that id."""
        found: dict[int, SecondaryAgent] = {}
        for row in self.rows:
            number = self.agent_id(row)
            if number is not None:
                found.setdefault(number, row)
        return found

    @cached_property
    def firmware_by_func_id(self) -> dict[int | None, FirmwareAgent]:
        return {agent.func_id: agent for agent in self.host.firmware.agents or ()}

    @cached_property
    def platform(self) -> Platform:
        """What the firmware looks after, as the host's files tell it or assume it."""
        from xenscmi.host.platform import platform_of  # brings the firmware's records along

        return platform_of(self.host)

    @cached_property
    def firmware_devices(self) -> dict[int, FirmwareDevice]:
        return {device.device_id: device for device in self.host.firmware.devices or ()}

    @cached_property
    def xen_agent_id(self) -> int | None:
        """Xen's own agent id, which only the firmware can tell."""
        func_id = self.management.func_id if self.management else None
        known = self.firmware_by_func_id.get(func_id.value) if func_id else None
        return known.agent_id if known else None

    @cached_property
    def _channels(self) -> list[tuple[HostDomain, SecondaryAgent | None]]:
        found = []
        for domain in self.host.domains:
            wanted = wanted_agent(domain)
            found.append((domain, self.row_by_id.get(wanted.value) if wanted and wanted.value is not None else None))
        return found

    @cached_property
    def _channel_of(self) -> dict[int, SecondaryAgent | None]:
        return {id(domain): row for domain, row in self._channels}

    @cached_property
    def _users(self) -> dict[int, list[HostDomain]]:
        found: dict[int, list[HostDomain]] = {}
        for domain, row in self._channels:
            found.setdefault(id(row), []).append(domain)
        return found

    def channel(self, domain: HostDomain) -> SecondaryAgent | None:
        """Return the row that a domain of this host asks for; None where it asks for none or Xen has none."""
        return self._channel_of[id(domain)]

    def users(self, row: SecondaryAgent) -> list[HostDomain]:
        """Return the domains that ask for a row's channel."""
        return self._users.get(id(row), [])

    def described_row(self, domain: HostDomain) -> SecondaryAgent | None:
        """Return the row whose function id the domain's own SCMI node has, whichever agent the domain asks for."""
        node = self.dom0_channel if domain.kind is DomainKind.DOM0 else guest_channel(domain)
        func_id = node.func_id.value if node and node.func_id else None
        return None if func_id is None else self._row_by_func_id.get(func_id)

    @cached_property
    def _row_by_func_id(self) -> dict[int | None, SecondaryAgent]:
        return {row.func_id.value: row for row in reversed(self.rows)}

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages that the host tree lists: Xen's own, then those of the rows."""
        own = self.management.shmem if self.management else None
        found = [Page(at, XEN, None, own.span)] if own and (at := page(own)) is not None else []
        for row in self.rows:
            if (at := page(row.shmem)) is not None:
                found.append(Page(at, self.row_name(row), row, row.shmem.span))
        return tuple(found)

    def row_page(self, row: SecondaryAgent) -> int | None:
        """Return the page that the firmware uses for a row's agent, or the listed page where that is unknown."""
        known = self.firmware_by_func_id.get(row.func_id.value)
        return known.shmem if known else page(row.shmem)

    @cached_property
    def owners(self) -> dict[int, Page]:
        """The owner of each page, by page number: as the firmware has it or, where that is unknown, as listed."""
        found: dict[int, Page] = {}
        for each in self.pages:
            at = each.address if each.row is None else self.row_page(each.row)
            if at is not None:
                found.setdefault(at // PAGE_SIZE, Page(at, each.owner, each.row, each.span))
        return found

    @cached_property
    def notification_pages(self) -> dict[int, Page]:
        """The pages on which the firmware notifies Xen and the agents that domains ask for, by page number."""
        found: dict[int, Page] = {}
        own = self.management.func_id if self.management else None
        for agent in self.host.firmware.agents or ():
            row = self._row_by_func_id.get(agent.func_id)
            if agent.p2a_shmem is None:
                continue
            if own is not None and own.value == agent.func_id:
                page_of = Page(agent.p2a_shmem, XEN, None, agent.span or own.span)
            elif row is not None and self.users(row):
                page_of = Page(agent.p2a_shmem, self.row_name(row), row, agent.span or row.span)
            else:
                continue  # nobody hears there
            found.setdefault(agent.p2a_shmem // PAGE_SIZE, page_of)
        return found

    @cached_property
    def dom0(self) -> HostDomain | None:
        return next((domain for domain in self.host.domains if domain.kind is DomainKind.DOM0), None)

    @cached_property
    def dom0_channel(self) -> ScmiNode | None:
        """The SCMI node that dom0 uses: `/firmware/scmi`, or else one outside the containers."""
        return _first_usable(sorted(self.dom0_nodes, key=lambda node: node != self.host.dom0_node))

    @cached_property
    def resources_of_dom0(self) -> tuple[tuple[Node, tuple[ResourceUse, ...]], ...]:
        """The devices that dom0 has for itself and that use SCMI resources by dom0's channel."""
        channel = self.dom0_channel
        found = []
        for node, every in self.passthrough.resource_users_of_dom0 if channel is not None else ():
            uses = tuple(use for use in every if channel is not None and use.scmi == channel.path)
            if uses:
                found.append((node, uses))
        return tuple(found)

    @cached_property
    def dom0_nodes(self) -> tuple[ScmiNode, ...]:
        """The SCMI nodes outside the containers, which dom0 gets unchanged."""
        below = tuple(each.path + "/" for each in self.containers)
        return tuple(node for node in self.host.scmi_nodes if not node.path.startswith(below))

    def scmi_entries(self, device: Device) -> tuple[AccessController, ...]:
        """Return the entries for which Xen asks the firmware for permissions: those that point to its own SCMI node."""
        own = self.management
        return tuple(e for e in device.entries if own is not None and e.target == own.path and e.problem is None)

    @cached_property
    def device_at(self) -> dict[int, Device]:
        """The devices under access controllers by the first addresses of their registers."""
        return {region.start: device for device in self.host.devices for region in device.regions}

    def device_behind(self, domain: HostDomain, node: GuestNode) -> Device | None:
        """Return the device under a controller that a node of a guest stands for; None where there is none.

        It is found by `xen,path`, or else by address. What is not mapped has the host's own address.
        """
        if node.host_path is not None:
            return self.device(node.host_path.value)
        if node.address is None:
            return None
        mapping = next((each for each in mappings(domain) if maps_guest(each, node.address)), None)
        return self.device_at.get(node.address if mapping is None else mapping.host + node.address - mapping.guest)

    @cached_property
    def _assigned(self) -> dict[int, list[Assignment]]:
        found: dict[int, list[Assignment]] = {}
        for each in self.assignments:
            found.setdefault(id(each.domain), []).append(each)
        return found

    def assigned(self, domain: HostDomain) -> list[Assignment]:
        """Return the devices that a domain of this host gets."""
        return self._assigned.get(id(domain), [])

    @cached_property
    def grants(self) -> tuple[tuple[Assignment, AccessController], ...]:
        """The entries for which Xen asks for permissions: of devices given to domains that have a channel."""
        return tuple(
            (assignment, entry)
            for assignment in self.assignments
            if self.channel(assignment.domain) is not None
            for entry in self.scmi_entries(assignment.device)
        )

    @cached_property
    def _devices(self) -> dict[str, Device]:
        found: dict[str, Device] = {}
        for device in self.host.devices:
            found.setdefault(device.path.lower(), device)
        return found

    def device(self, path: str | None) -> Device | None:
        """Return the device under an access controller at a path, which Xen compares without case; None without one."""
        return None if path is None else self._devices.get(path.lower())

    @cached_property
    def unmappable_devices(self) -> tuple[UnmappableDevice, ...]:
        """The devices at which Xen gives up when it builds dom0: of these, something cannot be mapped."""
        return unmappable_devices(self.host.tree) if self.host.tree else ()

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Which device under an access controller goes to which domain, in the order of the domains.

        dom0 gets what Xen gives it unasked, a dom0less domain what `xen,path` names, a toolstack domain its `dtdev`.
        """
        found: list[Assignment] = []
        for domain in self.host.domains:
            if domain.kind is DomainKind.DOM0:
                found += [Assignment(domain, device, device.span) for device in self.host.devices if device.for_dom0]
            for node in domain.tree.nodes if domain.tree and domain.kind is DomainKind.DOM0LESS else ():
                device = self.device(node.host_path.value) if node.host_path else None
                if device is not None and node.host_path and node.mappings is not None:
                    found.append(Assignment(domain, device, node.host_path.span, node))
            for path in domain.dtdevs:
                device = self.device(path.value)
                if device is not None:
                    found.append(Assignment(domain, device, path.span))
        return tuple(found)


def wanted_agent(domain: HostDomain) -> Stated[int] | None:
    """Return the agent that a domain asks Xen for; None where it asks for none, or for none that can exist."""
    stated = domain.agent_id
    if not multi_agent(domain) or stated is None or stated.value is None or stated.value >= INVALID_AGENT_ID:
        return None
    return stated


def multi_agent(domain: HostDomain) -> bool:
    """Return whether a domain is of the multi-agent type; dom0 is if it has an agent."""
    if domain.is_dom0:
        return domain.agent_id is not None
    return domain.sci_type is not None and domain.sci_type.value == MULTI_AGENT


def page(shmem: Stated[Shmem] | None) -> int | None:
    """Return the address of shared memory; None where the phandle leads nowhere or the node has no address."""
    return shmem.value.address if shmem and shmem.value else None


def guest_channel(domain: HostDomain) -> ScmiNode | None:
    """Return the SCMI node that a guest uses: one of those that it gets from its partial tree."""
    nodes = domain.tree.scmi_nodes if domain.tree else ()
    return _first_usable(node for node in nodes if node.kept)


def _first_usable(nodes: Iterable[ScmiNode]) -> ScmiNode | None:
    """Return the first node that an agent's driver can use, or else the one that comes closest."""
    return max(nodes, key=lambda node: (_has_channel(node), node.available), default=None)


def _has_channel(node: ScmiNode) -> bool:
    return node.func_id is not None and page(node.shmem) is not None
