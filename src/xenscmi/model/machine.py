"""The machine that a host's files describe: its firmware, and Xen on it.

Where the files do not say what the firmware is like, it is taken to be what the host's device tree assumes: its agents
are the container's, and device d of `access-controllers` owns what the domains' partial trees use of it, or clock d,
reset d and power domain d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from xenscmi import firmware as el3
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.firmware.firmware import Observer
from xenscmi.firmware.resources import Clock, PlatformAgent, PlatformDevice, PowerDomain, ResetDomain, pin_resource
from xenscmi.firmware.validation import MAX_ID
from xenscmi.host.domains import has_kernels
from xenscmi.host.types import Container, DomainKind, FirmwareAgent, FirmwareDevice, Host, ScmiNode, Stated
from xenscmi.model.boot import start
from xenscmi.model.xen import Model
from xenscmi.scmi.header import ProtocolId

FIRST_FUNC_ID = 0x8200_0002
"""On EPAM's firmware, agent n rings this + n. A guess for channels of which nothing tells the agent."""


MakeFirmware = Callable[[el3.Platform, el3.FirmwareProfile, Observer | None], el3.Firmware]
"""Makes a machine's firmware. Raises PlatformError for a platform that cannot be."""


def switch_on(
    host: Host,
    observer: Observer | None = None,
    *,
    as_it_stands: bool = False,
    make_firmware: MakeFirmware = el3.Firmware,
) -> Model:
    """Return the host's machine, Xen loaded but not started; `make_firmware` makes what answers at EL3.

    A tree without any kernel is taken for one to which the boot loader adds the boot modules. With
    `as_it_stands`, Xen sees just what the tree has.

    Raises XenscmiError for a host without a device tree, and for firmware that cannot be.
    """
    if host.tree is None:
        raise XenscmiError(
            Diagnostic(message="there is no host device tree to boot", help="name the host's DTS or DTB")
        )
    profile = el3.PROFILES.get(host.firmware.profile)
    if profile is None:
        known = ", ".join(el3.PROFILES)
        message = f"firmware profile {host.firmware.profile} is not known"
        raise XenscmiError(Diagnostic(message=message, span=host.firmware.span, help=f"profiles are {known}"))
    profile = replace(profile, missing=profile.missing | host.firmware.unsupported)
    try:
        firmware = make_firmware(platform_of(host), profile, observer)
    except el3.PlatformError as error:
        raise XenscmiError(*(_diagnostic(problem, host) for problem in error.problems)) from None
    return Model(
        host.tree,
        firmware,
        PROFILES[host.xen_profile or DEFAULT_PROFILE],
        loader_adds_modules=not as_it_stands and not has_kernels(host.tree),
    )


def _diagnostic(problem: el3.ResourceProblem, host: Host) -> Diagnostic:
    """Return a problem of the platform at the place of the resource that has it, as far as that is known."""
    places, resource = host.firmware.places, problem.path.partition(".")[0]
    message = f"the firmware cannot have this: {problem.path}: {problem.message}"
    return Diagnostic(message=message, span=places.get(resource, host.firmware.span), help=problem.fix)


def boot(host: Host) -> Model:
    """Return the host booted, without the toolstack's domains. Raises Panic where Xen panics, and as `switch_on`."""
    xen = switch_on(host)
    start(xen, partial_trees(host))
    return xen


def partial_trees(host: Host) -> Mapping[str, Tree]:
    """Return the partial trees of the dom0less domains, by domain name."""
    return {
        domain.name: domain.tree.tree
        for domain in host.domains
        if domain.kind is DomainKind.DOM0LESS and domain.tree is not None
    }


def platform_of(host: Host) -> el3.Platform:
    """Return what the firmware looks after, as the host's files tell it or assume it."""
    rows = host.firmware.agents
    agents, management = (tuple(rows), None) if rows is not None else _assumed_agents(host)
    stated = host.firmware.trusted_agent
    trusted = management if stated is None else stated
    rows_of_devices = host.firmware.devices
    devices = tuple(_assumed_devices(host)) if rows_of_devices is None else rows_of_devices
    return replace(
        host.firmware.resources or el3.Platform(agents=()),
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
        devices=tuple(
            PlatformDevice(device_id=row.device_id, name=row.name or f"device-{row.device_id}", resources=_owned(row))
            for row in devices
        ),
        **_assumed_resources(host, devices),
    )


def _owned(row: FirmwareDevice) -> Mapping[int, frozenset[int]]:
    """Return what a device owns, by protocol."""
    owned = {
        ProtocolId.CLOCK: row.clocks,
        ProtocolId.RESET: row.resets,
        ProtocolId.POWER_DOMAIN: row.power_domains,
        ProtocolId.PERFORMANCE: row.performance,
        ProtocolId.SENSOR: row.sensors,
        ProtocolId.VOLTAGE: row.voltages,
        ProtocolId.POWER_CAPPING: row.power_caps,
        ProtocolId.PIN_CONTROL: row.pins | {pin_resource(group, group=True) for group in row.pin_groups},
        ProtocolId.SYSTEM_POWER: frozenset({0} if row.system_power else ()),
    }
    return {protocol: ids for protocol, ids in owned.items() if ids}


def _assumed_resources(host: Host, devices: Sequence[FirmwareDevice]) -> dict[str, Any]:
    """Return the clocks, resets and power domains that there must be for the devices, where none are declared."""
    declared = host.firmware.resources
    makers: Mapping[str, Callable[[int], object]] = {
        "clocks": lambda n: Clock(name=f"clock-{n}"),
        "resets": lambda n: ResetDomain(name=f"reset-{n}"),
        "power_domains": lambda n: PowerDomain(name=f"power-{n}"),
    }
    return {
        kind: {n: make(n) for n in _numbers(getattr(row, kind) for row in devices)}
        for kind, make in makers.items()
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
    found: dict[int, FirmwareAgent] = {}
    for row in container.agents:
        stated = None if row.agent_id is None else row.agent_id.value
        _add_agent(found, row.func_id, row.shmem.value.address if row.shmem.value else None, stated)
    management = _management(container)
    known = set(found)
    if management is not None and management.func_id is not None and management.shmem is not None:
        page = management.shmem.value.address if management.shmem.value else None
        _add_agent(found, management.func_id, page, None)
    added = set(found) - known
    return tuple(found[agent_id] for agent_id in sorted(found)), added.pop() if added else None


def _management(container: Container) -> ScmiNode | None:
    return next((node for node in container.management if node.available and not node.passthrough), None)


def _add_agent(found: dict[int, FirmwareAgent], func_id: Stated[int], page: int | None, agent_id: int | None) -> None:
    """Add an agent, unless something of it is not known or its id or function id is taken."""
    if func_id.value is None or page is None or any(each.func_id == func_id.value for each in found.values()):
        return
    if agent_id is None:
        guess = func_id.value - FIRST_FUNC_ID
        agent_id = guess if 0 <= guess < 255 and guess not in found else next(n for n in count() if n not in found)
    found.setdefault(agent_id, FirmwareAgent(agent_id=agent_id, func_id=func_id.value, shmem=page))


def _assumed_devices(host: Host) -> Iterator[FirmwareDevice]:
    """Yield a device for each SCMI device id that the host's device tree names."""
    used: dict[str, dict[str, set[int]]] = {}
    for domain in host.domains:
        for node in domain.tree.nodes if domain.tree else ():
            if node.host_path is not None and node.host_path.value is not None:
                kinds = used.setdefault(node.host_path.value, {})
                for resource in node.resources:
                    kinds.setdefault(resource.kind, set()).add(resource.resource_id)
    owned: dict[int, dict[str, set[int]]] = {}
    for device in host.devices:
        for entry in device.entries:
            if entry.arguments:
                owned.setdefault(entry.arguments[0], {}).update(used.get(device.path, {}))
    for device_id, kinds in sorted(owned.items()):
        own = {device_id} if device_id < 1 << 16 else set()
        clocks, resets, domains = (kinds.get(kind, own) for kind in ("clocks", "resets", "power-domains"))
        yield FirmwareDevice(
            device_id=device_id,
            clocks=frozenset(clocks),
            resets=frozenset(resets),
            power_domains=frozenset(domains),
        )
