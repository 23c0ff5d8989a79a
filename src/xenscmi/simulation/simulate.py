"""Runs a whole host: boots it, creates every domain, and compares what each can reach with what it was given.

A domain was given the devices that are assigned to it (dom0 by Xen's walk over the host's tree, dom0less domains by
`xen,path`, toolstack domains by `dtdev`). There is a deviation if it reaches any other device, if it does not reach one
of its own, if two domains reach the same device, or if a domain is refused a resource that its own device tree uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import Enum

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.diagnostics import Diagnostic
from xenscmi.firmware import Firmware
from xenscmi.host.types import Host, ResourceUse
from xenscmi.model.devices import device_ids
from xenscmi.model.domain import Domain
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer
from xenscmi.model.machine import MakeFirmware
from xenscmi.model.xen import SMCCC_UNKNOWN, Model
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal, Request
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    AccessFlags,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseResetAgentConfigurationRequest,
    BaseSetDevicePermissionsRequest,
    ResetAgentFlags,
)
from xenscmi.scmi.status import status_name
from xenscmi.simulation.notifications import Notices, hears
from xenscmi.simulation.probes import Probes, can_be_tried
from xenscmi.simulation.running import RunningDomain, run
from xenscmi.toolstack.offer import Offer


class Access(Enum):
    """How many of a device's resources an agent could use."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A difference from the assignments: what a domain tried (`subject`), what was expected, and what was seen."""

    domain: str
    subject: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Something that a domain tried (`subject`), what was expected, and what was seen."""

    subject: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainView:
    """What one domain saw.

    `wanted` is the agent that it should have, None if none; `agent_id` is what the firmware told it, None if its calls
    were not answered. `devices` maps SCMI device ids to what its agent could use of the device; `given` has the ids of
    the devices assigned to the domain, if they have resources to try. `hears` has the commands by which it asked for
    notifications about a device, and will get them. `used` are the resources that its own
    device tree uses beside theirs; `forbidden` is what it tried of what no domain may do.
    """

    name: str
    domid: int
    offer: Offer | None
    wanted: int | None = None
    agent_id: int | None = None
    given: frozenset[int] = frozenset()
    devices: Mapping[int, Access] = field(default_factory=dict)
    hears: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    used: tuple[Attempt, ...] = ()
    forbidden: tuple[Attempt, ...] = ()

    def uses(self, device: int) -> bool:
        """Return whether its agent could use anything of a device."""
        return self.devices.get(device, Access.NONE) is not Access.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A host that was run.

    `panic` is Xen's last message if it did not boot; `refusals` say with places why Xen panicked, and why xl, libxl or
    Xen refused to create a domain. `log` is what Xen printed until all domains ran.
    """

    panic: str | None
    domains: tuple[DomainView, ...]
    deviations: tuple[Deviation, ...]
    log: tuple[str, ...]
    refusals: tuple[Diagnostic, ...] = ()


_Resource = tuple[int, int]
"""Protocol and number."""
_USABLE = "SUCCESS"


def simulate(host: Host, make_firmware: MakeFirmware = Firmware) -> Simulation:
    """Run a host; `make_firmware` makes what answers at EL3. Raises XenscmiError if it cannot be switched on."""
    running = run(host, make_firmware)
    xen, views = running.xen, list[DomainView]()
    deviations = [
        Deviation(domain=name, subject="create", expected="created", seen=reason)
        for name, reason in running.not_created
    ]
    if running.panic is not None:
        deviations.append(Deviation(domain="Xen", subject="boot", expected="boots", seen=running.panic))
    log, tried = xen.console.lines, _Tried(xen)
    for domain in running.domains:
        view = replace(_look(xen, domain, tried), forbidden=tuple(_forbidden(xen, domain.made)))
        views.append(view)
        deviations += _judge(view)
    deviations += _shared(views)
    return Simulation(
        panic=running.panic,
        domains=tuple(views),
        deviations=tuple(deviations),
        refusals=running.refusals,
        log=log,
    )


class _Tried:
    """What can be tried on a machine: the resources of each device as (protocol, number), in order, and what to send.

    `idle` are the devices without any.
    """

    def __init__(self, xen: Model) -> None:
        self.probes, self.notices = Probes(xen.firmware), Notices(xen.firmware)
        devices = {
            device.device_id: [
                (protocol, number) for protocol, numbers in device.resources.items() for number in sorted(numbers)
            ]
            for device in xen.firmware.platform.devices
        }
        self.resources: Mapping[int, Sequence[_Resource]] = {id: found for id, found in devices.items() if found}
        self.idle = devices.keys() - self.resources.keys()

    def by(self, given: frozenset[int]) -> Mapping[int, Sequence[_Resource]]:
        """Return what a domain with these devices tries: all of its own, and of others' what is not its own as well."""
        own = {resource for device in given for resource in self.resources.get(device, ())}
        return {
            device: found if device in given or own.isdisjoint(found) else [each for each in found if each not in own]
            for device, found in self.resources.items()
        }


def _look(xen: Model, domain: RunningDomain, tried: _Tried) -> DomainView:
    """Let a domain's agent ask for its id and try every resource."""
    made = domain.made
    view = DomainView(
        name=domain.name,
        domid=made.domid,
        offer=domain.offer,
        wanted=domain.wanted,
        given=frozenset(_device_ids(xen, made)) - tried.idle,
    )
    if view.offer is None:
        return view
    guest = Guest(xen, made.domid, made.memory, view.offer.func_id, view.offer.shmem)
    told = _ask(guest, BaseDiscoverAgentRequest(OWN_AGENT_ID))
    if not isinstance(told, BaseDiscoverAgentResponse):
        return view
    agent, tries = told.agent_id, tried.by(view.given)
    devices = {device: _access(guest, agent, resources, tried.probes) for device, resources in tries.items()}
    known_access = {device: access for device, access in devices.items() if access is not None}
    heard: dict[int, tuple[str, ...]] = {}
    for device, command in hears(xen, made, guest, agent, tries, tried.notices):
        heard[device] = (*heard.get(device, ()), command)
    given = view.given - (devices.keys() - known_access.keys())
    own = {resource for device in view.given for resource in tried.resources.get(device, ())}
    used = tuple(_used(guest, domain.uses, own, tried.probes))
    return replace(view, agent_id=agent, devices=known_access, hears=heard, given=given, used=used)


def _used(guest: Guest, uses: Iterable[ResourceUse], own: Set[_Resource], probes: Probes) -> Iterator[Attempt]:
    """Try what a domain's tree uses, except for what belongs to its own devices, which is tried with them."""
    for (protocol, number), use in {(use.protocol.value, use.resource_id): use for use in uses if use.protocol}.items():
        if protocol is None or not can_be_tried(protocol) or (protocol, number) in own:
            continue
        probe = probes(protocol, number)
        if probe is None:
            seen = "no such protocol"
        else:
            answer = guest.send(probe.command, probe.payload)
            seen = status_name(answer.status) if isinstance(answer, Refusal) else _USABLE
        yield Attempt(subject=f"{use.kind} {number} (protocol {protocol:#x})", expected=_USABLE, seen=seen)


def _device_ids(xen: Model, made: Domain) -> Iterator[int]:
    """Yield the SCMI ids of the devices assigned to a domain."""
    for path in made.devices:
        node = xen.tree.node(path)
        assert node is not None, "Xen found it"
        yield from device_ids(node)


def _access(guest: Guest, agent: int, resources: Iterable[_Resource], probes: Probes) -> Access | None:
    """Let an agent try a device's resources; return None if the platform itself forbids it to try any.

    Resources of a protocol that the firmware lacks nobody can use.
    """
    results = set()
    for protocol, number in resources:
        probe = probes(protocol, number)
        if probe is None:
            results.add(False)
        elif probe.open_to is None or agent in probe.open_to:
            results.add(probe.is_reached(guest.send(probe.command, probe.payload)))
    if not results:
        return None
    return Access.SOME if len(results) == 2 else Access.ALL if results == {True} else Access.NONE


def _ask(guest: Guest, request: Request) -> object:
    """Send a message of the base protocol; return None if there is no response."""
    try:
        return guest.ask(ProtocolId.BASE, request)
    except (NoAnswer, DataAbort):
        return None


def _judge(view: DomainView) -> Iterator[Deviation]:
    """Yield the deviations of a domain: the wrong agent, devices it should or should not reach, forbidden things."""
    if view.agent_id != view.wanted:
        yield Deviation(domain=view.name, subject="agent", expected=_agent(view.wanted), seen=_agent(view.agent_id))
    for device in sorted(view.given | view.devices.keys()) if view.wanted is not None else ():
        expected = Access.ALL if device in view.given else Access.NONE
        seen = view.devices.get(device, Access.NONE)
        if seen is not expected:
            yield Deviation(domain=view.name, subject=f"device {device}", expected=expected.value, seen=seen.value)
    for device, commands in view.hears.items():
        if device not in view.given and not view.uses(device):
            seen_of = ", ".join(commands)
            yield Deviation(domain=view.name, subject=f"events of device {device}", expected="none", seen=seen_of)
    for tried in (*view.used, *view.forbidden):
        if tried.seen != tried.expected:
            yield Deviation(domain=view.name, subject=tried.subject, expected=tried.expected, seen=tried.seen)


def _shared(views: list[DomainView]) -> Iterator[Deviation]:
    """Yield the devices that were given to several domains which can use them."""
    for device in sorted(frozenset[int]().union(*(view.given for view in views))):
        users = [view.name for view in views if device in view.given and view.uses(device)]
        if len(users) > 1:
            yield Deviation(domain=", ".join(users), subject=f"device {device}", expected="one domain", seen="shared")


def _agent(agent_id: int | None) -> str:
    return "no answer" if agent_id is None else f"agent {agent_id}"


def _forbidden(xen: Model, made: Domain) -> Iterator[Attempt]:
    """Let a domain try what no domain may do: use others' channels and pages, and manage permissions."""
    own = made.channel
    for func_id, agent in xen.firmware.channels.items():
        if own is not None and (func_id == own.func_id or agent.shmem == own.address):
            continue
        unknown = xen.smc(made.domid, (func_id, 0, 0, 0, 0, 0, 0, 0))[0] == SMCCC_UNKNOWN
        yield Attempt(subject=f"smc-id {func_id:#x}", expected="unknown", seen="unknown" if unknown else "answered")
        frame = made.memory.guest_frame(agent.shmem >> PAGE_SHIFT)
        seen = "out of reach" if frame is None else f"mapped at {frame << PAGE_SHIFT:#x}"
        yield Attempt(subject=f"page {agent.shmem:#x}", expected="out of reach", seen=seen)
    page = made.memory.guest_frame(own.address >> PAGE_SHIFT) if own is not None else None
    if own is None or page is None:
        return
    guest = Guest(xen, made.domid, made.memory, own.func_id, page << PAGE_SHIFT)
    for name, request in (
        ("SET_DEVICE_PERMISSIONS", BaseSetDevicePermissionsRequest(own.agent_id, 0, AccessFlags.of(allow=True))),
        (
            "RESET_AGENT_CONFIGURATION",
            BaseResetAgentConfigurationRequest(own.agent_id, ResetAgentFlags.of(reset_permissions=True)),
        ),
    ):
        answer = _ask(guest, request)
        refused = answer is None or isinstance(answer, Refusal)
        yield Attempt(subject=name, expected="refused", seen="refused" if refused else "SUCCESS")
