"""The machine that a host's files describe: its firmware, and Xen on it.

Where the files do not say what the firmware is like, it is taken to be what the host's device tree assumes: its agents
are the container's, and device d of `access-controllers` owns what the domains' partial trees use of it, or clock d,
reset d and power domain d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count

from xenscmi import firmware as el3
from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES
from xenscmi.firmware.firmware import Observer
from xenscmi.firmware.resources import Clock, PlatformAgent, PlatformDevice, PowerDomain, ResetDomain
from xenscmi.host.domains import has_kernels
from xenscmi.host.types import Container, DomainKind, FirmwareAgent, FirmwareDevice, Host, ScmiNode, Stated
from xenscmi.model.boot import start
from xenscmi.model.xen import Model
from xenscmi.scmi.header import ProtocolId

FIRST_FUNC_ID = 0x8200_0002
"""On EPAM's firmware, agent n rings this + n. A guess for channels of which nothing tells the agent."""


MakeFirmware = Callable[[el3.Platform, el3.FirmwareProfile, Observer | None], el3.Firmware]
"""Makes a machine's firmware. Raises ValueError for a platform that cannot be."""


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
    except ValueError as error:
        raise XenscmiError(Diagnostic(message=str(error), span=host.firmware.span)) from None
    return Model(
        host.tree,
        firmware,
        PROFILES[host.xen_profile or DEFAULT_PROFILE],
        loader_adds_modules=not as_it_stands and not has_kernels(host.tree),
    )


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
    return el3.Platform(
        agents=tuple(
            PlatformAgent(agent_id=row.agent_id, func_id=row.func_id, shmem=row.shmem, trusted=row.agent_id == trusted)
            for row in agents
        ),
        devices=tuple(
            PlatformDevice(
                device_id=row.device_id,
                name=f"device-{row.device_id}",
                resources={
                    ProtocolId.CLOCK: row.clocks,
                    ProtocolId.RESET: row.resets,
                    ProtocolId.POWER_DOMAIN: row.power_domains,
                },
            )
            for row in devices
        ),
        clocks=tuple(Clock(name=f"clock-{n}") for n in _numbers(row.clocks for row in devices)),
        resets=tuple(ResetDomain(name=f"reset-{n}") for n in _numbers(row.resets for row in devices)),
        power_domains=tuple(PowerDomain(name=f"power-{n}") for n in _numbers(row.power_domains for row in devices)),
    )


def _numbers(owned: Iterator[frozenset[int]]) -> range:
    """Return the numbers of the resources that there must be for devices to own these."""
    return range(max((number for numbers in owned for number in numbers), default=-1) + 1)


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
