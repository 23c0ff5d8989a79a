"""The firmware's platform and profile as a host's files tell them, or assume them.

Where the files do not say what the firmware is like, it is taken to be what the host's device tree assumes: its agents
are the container's, and device d of `access-controllers` owns what the domains' partial trees use of it, or clock d,
reset d and power domain d. `check` judges the platform, `simulate` and `create` run it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from xenscmi.diagnostics import Diagnostic
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import (
    Clock,
    Platform,
    PlatformAgent,
    PlatformDevice,
    PowerDomain,
    ResetDomain,
    by_id,
    pin_resource,
    resource_names,
)
from xenscmi.firmware.validation import MAX_ID, ResourceProblem
from xenscmi.host.firmware import read_profile
from xenscmi.host.types import Container, FirmwareAgent, FirmwareDevice, Host, ScmiNode, Shmem, Stated
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Span

FIRST_FUNC_ID = 0x8200_0002
"""On EPAM's firmware, agent n rings this + n. A guess for channels of which nothing tells the agent."""

# What devices own, by the protocols of these resources.
_OWNED: Mapping[str, ProtocolId] = {
    "clocks": ProtocolId.CLOCK,
    "resets": ProtocolId.RESET,
    "power_domains": ProtocolId.POWER_DOMAIN,
    "performance": ProtocolId.PERFORMANCE,
    "sensors": ProtocolId.SENSOR,
    "voltages": ProtocolId.VOLTAGE,
    "power_caps": ProtocolId.POWER_CAPPING,
    "pins": ProtocolId.PIN_CONTROL,
    "pin_groups": ProtocolId.PIN_CONTROL,
}

# Resources that there must be for the devices, where the files declare none of their kind.
_MAKERS: Mapping[str, Callable[[int], object]] = {
    "clocks": lambda n: Clock(name=f"clock-{n}"),
    "resets": lambda n: ResetDomain(name=f"reset-{n}"),
    "power_domains": lambda n: PowerDomain(name=f"power-{n}"),
}


def profile_of(host: Host) -> FirmwareProfile:
    """Return the firmware's profile, without the messages that the manifest says it lacks.

    Raises XenscmiError for a profile that there is not.
    """
    firmware = host.firmware
    profile = read_profile(firmware.profile, firmware.profile_source, firmware.span)
    return replace(profile, missing=profile.missing | firmware.unsupported)


def platform_of(host: Host) -> Platform:
    """Return what the firmware looks after, as the host's files tell it or assume it."""
    rows = host.firmware.agents
    agents, management = (tuple(rows), None) if rows is not None else _assumed_agents(host)
    stated = host.firmware.trusted_agent
    trusted = management if stated is None else stated
    rows_of_devices = host.firmware.devices
    devices = tuple(_assumed_devices(host)) if rows_of_devices is None else rows_of_devices
    return replace(
        host.firmware.resources or Platform(agents=()),
        agents=tuple(
            PlatformAgent(
                agent_id=row.agent_id,
                func_id=row.func_id,
                shmem=row.shmem,
                p2a_shmem=row.p2a_shmem,
                name=row.name,
                trusted=row.agent_id == trusted,
            )
            for row in agents
        ),
        devices=tuple(PlatformDevice(device_id=row.device_id, name=row.name, resources=_owned(row)) for row in devices),
        **_assumed_resources(host, devices),
    )


def _owned(row: FirmwareDevice) -> Mapping[int, frozenset[int]]:
    """Return what a device owns, by protocol."""
    owned: dict[int, frozenset[int]] = {}
    for kind, protocol in _OWNED.items():
        ids = getattr(row, kind)
        if kind == "pin_groups":
            ids = frozenset(pin_resource(group, group=True) for group in ids)
        owned[protocol] = owned.get(protocol, frozenset()) | ids
    owned[ProtocolId.SYSTEM_POWER] = frozenset({0} if row.system_power else ())
    return {protocol: ids for protocol, ids in owned.items() if ids}


def _assumed_resources(host: Host, devices: Sequence[FirmwareDevice]) -> dict[str, Any]:
    """Return the clocks, resets and power domains that there must be for the devices, where none are declared."""
    declared = host.firmware.resources
    return {
        kind: {n: make(n) for n in _numbers(getattr(row, kind) for row in devices)}
        for kind, make in _MAKERS.items()
        if declared is None or not getattr(declared, kind)
    }


def _numbers(owned: Iterable[frozenset[int]]) -> Iterable[int]:
    """Return the numbers from 0 up to the highest; only those that are owned, if it is higher than SCMI can count."""
    numbers = {number for each in owned for number in each}
    highest = max(numbers, default=-1)
    return range(highest + 1) if highest <= MAX_ID else sorted(numbers)


def _assumed_agents(host: Host) -> tuple[tuple[FirmwareAgent, ...], int | None]:
    """Return the agents of the first container, and the id of Xen's own."""
    container = host.containers[0] if host.containers else None
    if container is None:
        return (), None
    found = _Agents()
    for row in container.agents:
        stated = None if row.agent_id is None else row.agent_id.value
        found.add(row.func_id, row.shmem, stated)
    management = _management(container)
    own = found.add(management.func_id, management.shmem, None) if management is not None else None
    return tuple(agent for _, agent in sorted(found.by_id.items())), own


def _management(container: Container) -> ScmiNode | None:
    return next((node for node in container.management if node.available and not node.passthrough), None)


class _Agents:
    """Agents that are assumed: the first of each id and of each function id."""

    def __init__(self) -> None:
        self.by_id: dict[int, FirmwareAgent] = {}
        self._func_ids: set[int] = set()
        self._numbers = count()

    def add(self, func_id: Stated[int] | None, shmem: Stated[Shmem] | None, agent_id: int | None) -> int | None:
        """Add an agent; return its id. It is None if something is not known, or the id or function id is taken."""
        ring = func_id.value if func_id else None
        page = shmem.value.address if shmem and shmem.value else None
        if ring is None or page is None or ring in self._func_ids:
            return None
        if agent_id is None:
            guess = ring - FIRST_FUNC_ID
            agent_id = guess if 0 <= guess < 255 and guess not in self.by_id else self._free()
        if agent_id in self.by_id:
            return None
        self._func_ids.add(ring)
        self.by_id[agent_id] = FirmwareAgent(agent_id=agent_id, func_id=ring, shmem=page)
        return agent_id

    def _free(self) -> int:
        return next(number for number in self._numbers if number not in self.by_id)


def _assumed_devices(host: Host) -> Iterator[FirmwareDevice]:
    """Yield a device for each SCMI device id that the host's device tree names."""
    assumed = {kind: _assumable(host, kind) for kind in _MAKERS}
    used: dict[str, dict[str, set[int]]] = {}
    for domain in host.domains:
        for node in domain.tree.nodes if domain.tree else ():
            if node.host_path is not None and node.host_path.value is not None:
                kinds = used.setdefault(node.host_path.value, {})
                for resource in node.resources:
                    kinds.setdefault(resource.kind, set()).add(resource.resource_id)
    owned: dict[int, dict[str, set[int]]] = {}
    spans: dict[int, Span] = {}
    for device in host.devices:
        for entry in device.entries:
            if entry.arguments:
                owned.setdefault(entry.arguments[0], {}).update(used.get(device.path, {}))
                spans.setdefault(entry.arguments[0], entry.span)
    for device_id, kinds in sorted(owned.items()):
        used_or_own: dict[str, Any] = {
            kind: frozenset(kinds.get(kind.replace("_", "-"), {device_id} if device_id in possible else ()))
            for kind, possible in assumed.items()
        }
        yield FirmwareDevice(device_id=device_id, **used_or_own, span=spans[device_id])


def _assumable(host: Host, kind: str) -> Collection[int]:
    """Return the ids of a kind of resources that a device may be assumed to own: those that the firmware can have."""
    if not profile_of(host).has(_OWNED[kind]):
        return ()
    declared = by_id(getattr(host.firmware.resources, kind)) if host.firmware.resources else {}
    return declared or range(MAX_ID + 1)


# Names


class DeviceNames(NamedTuple):
    """What a manifest calls a device, empty if nothing, and what it owns: `clock uart`."""

    name: str
    resources: tuple[str, ...]


def declared_names(host: Host) -> Mapping[int, DeviceNames]:
    """Return the names that the manifest gives, by device id; devices without any are left out."""
    declared = host.firmware.resources
    names = {protocol: resource_names(declared, protocol) for protocol in _OWNED.values()} if declared else {}
    found = {}
    for device in platform_of(host).devices if names or host.firmware.devices else ():
        owned = [
            f"{ProtocolId(protocol).name.lower().replace('_', ' ')} {known[number]}"
            for protocol, numbers in device.resources.items()
            for known in (names.get(ProtocolId(protocol), {}),)
            for number in sorted(numbers)
            if number in known
        ]
        if device.name or owned:
            found[device.device_id] = DeviceNames(device.name, tuple(owned))
    return found


# Problems


def impossible(problem: ResourceProblem, host: Host) -> Diagnostic:
    """Return a problem of the host's platform, at the place of what has it."""
    return Diagnostic(
        message=f"no firmware can have this: {problem.path}: {problem.message}",
        span=place_of(problem.path, host),
        help=problem.fix,
    )


def place_of(path: str, host: Host) -> Span | None:
    """Return the place of a field of the platform (`clocks[3].rates`): where it is declared, or what leads to it."""
    firmware = host.firmware
    resource, dot, field = path.partition(".")
    kind, _, number = resource.rstrip("]").partition("[")
    if kind == "devices":
        protocol = field.removeprefix("resources[").rstrip("]")
        field = next((each for each, owned in _OWNED.items() if owned.name.lower() == protocol), protocol)
    found = firmware.place(f"{resource}{dot}{field}") if firmware.place is not None else None
    if found is None:
        found = next(_leading_to(kind, int(number), host), None) if number else None
    return found or firmware.span or (host.tree.root.span if host.tree is not None else None)


def _leading_to(kind: str, number: int, host: Host) -> Iterator[Span]:
    """Yield the places of what is assumed because of them: a use in a partial tree, a device of the host."""
    uses = (use for domain in host.domains if domain.tree for node in domain.tree.nodes for use in node.resources)
    rows = host.firmware.devices
    if rows is None:
        yield from (use.span for use in uses if use.kind.replace("-", "_") == kind and use.resource_id == number)
        rows = tuple(_assumed_devices(host))
    for row in rows:
        owns = kind in _OWNED and number in getattr(row, kind)
        if owns or (kind == "devices" and row.device_id == number):
            stated = host.firmware.place and host.firmware.place(f"devices[{row.device_id}].{kind}")
            place = stated or row.span
            if place is not None:
                yield place
