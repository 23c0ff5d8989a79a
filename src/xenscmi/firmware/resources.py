"""What a platform has: its agents, its devices, and the resources that the devices own, in their state at boot.

Values only: what changes at run time lives in the protocol servers and in `permissions`, and `validation` says what no
platform can have. Resources of one kind are numbered: a sequence from 0, a mapping by its keys. Only trusted agents may
use a resource that no device owns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from xenscmi.scmi.header import ProtocolId

LATENCY_UNKNOWN = 0xFFFF_FFFF
SHUTDOWN, COLD_RESET, WARM_RESET, POWER_UP, SUSPEND = range(5)  # system states, as the protocol numbers them
MAX_COUNT = 0xFFFF  # PROTOCOL_ATTRIBUTES counts resources in 16 bits
_GROUP = 1 << 16

T = TypeVar("T")
Numbered = Sequence[T] | Mapping[int, T]


def by_id(resources: Numbered[T]) -> Mapping[int, T]:
    """Return resources by id, in rising order."""
    pairs = resources.items() if isinstance(resources, Mapping) else enumerate(resources)
    return dict(sorted(pairs))


def _nothing() -> Mapping[int, frozenset[int]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAgent:
    """An agent and its channel: the SMC function id that it rings, and the physical address of its page.

    `p2a_shmem` is the address of the page on which the platform sends notifications and delayed responses; without it,
    the agent gets none. `trusted`: it may set permissions and use everything, unless the profile names the trusted
    agents. `devices` are those that it may use from boot on.
    """

    agent_id: int
    func_id: int
    shmem: int
    p2a_shmem: int | None = None
    name: str = ""
    trusted: bool = False
    devices: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDevice:
    """A device under the platform's control: protocol id → the ids of the resources that it owns.

    `name` is what people call it, empty if nothing: messages do not have names of devices.
    """

    device_id: int
    name: str = ""
    resources: Mapping[int, frozenset[int]] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class FastChannel:
    """A register of shared memory that stands for one command, with an optional doorbell (width in bits)."""

    address: int
    rate_limit: int = 0
    doorbell: int | None = None
    doorbell_width: int = 32
    set_mask: int = 0
    preserve_mask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock.

    `rates` in Hz, rising: all of them, or with a `step` the lowest and the highest. `rate` is the one at boot; None:
    the lowest. `parents` are clock ids, the first is the parent at boot. `enable_delay` is in µs, 0 if unknown.
    An `always_on` clock cannot be disabled; a `shared` one runs as long as any agent has it enabled. `state_agents`,
    `rate_agents` and `parent_agents` say who may change what; None: every agent that may use the clock.
    `extended_configs` has the values at boot of the extended settings, by type.
    """

    name: str
    rates: tuple[int, ...] = (24_000_000,)
    step: int = 0
    rate: int | None = None
    enabled: bool = False
    parents: tuple[int, ...] = ()
    enable_delay: int = 0
    always_on: bool = False
    shared: bool = False
    state_agents: frozenset[int] | None = None
    rate_agents: frozenset[int] | None = None
    parent_agents: frozenset[int] | None = None
    extended_configs: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetDomain:
    """A reset line. `latency` is the longest time that a reset takes, in µs."""

    name: str
    latency: int = LATENCY_UNKNOWN
    asserted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerDomain:
    """A power domain, on or off at boot."""

    name: str
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A performance level: `power` in the platform's unit, `latency` of the change to it in µs, `frequency` in kHz.

    `frequency` is what level indexing mode shows as the indicative frequency.
    """

    level: int
    power: int = 0
    latency: int = 0
    frequency: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceDomain:
    """A performance domain: its levels, rising; `level` is the one at boot; frequencies in kHz, times in µs.

    `fast_channels` are the fast channels of its commands, by message id.
    """

    name: str
    levels: tuple[OperatingPoint, ...]
    level: int
    sustained_frequency: int = 0
    sustained_level: int = 0
    rate_limit: int = 0
    level_indexing: bool = False
    can_set_level: bool = True
    can_set_limits: bool = True
    fast_channels: Mapping[int, FastChannel] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a sensor or axis measures: DMTF's unit (`2` is degrees Celsius), the power of ten, and the range."""

    kind: int = 2
    exponent: int = 0
    resolution: int = 0
    resolution_exponent: int = 0
    lowest: int = 0
    highest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorAxis:
    """An axis of a sensor, and the value that it reads."""

    name: str
    measure: Measure = Measure()
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor: its unit and power of ten (see `Measure`), and the value that it reads.

    `power` in µW and `measure` are extended attributes, None where the platform does not tell. With `axes`, each axis
    has a value and a range of its own. `intervals` are update intervals as (seconds, power of ten), the first is the
    one at boot; with `interval_range` they are shortest, longest and step. `timestamps`: readings can have them.
    """

    name: str
    kind: int = 2
    exponent: int = 0
    value: int = 0
    enabled: bool = True
    trip_points: int = 0
    power: int | None = None
    measure: Measure | None = None
    axes: tuple[SensorAxis, ...] = ()
    intervals: tuple[tuple[int, int], ...] = ()
    interval_range: bool = False
    timestamps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageDomain:
    """A voltage domain: its levels in µV, rising (`step` as for a clock), and its state at boot."""

    name: str
    levels: tuple[int, ...]
    level: int
    step: int = 0
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCapDomain:
    """A power capping domain: the range of its cap in µW, the averaging interval (PAI) in µs, its parent domain.

    `cap` is the one at boot, 0 turns capping off. The interval is fixed unless `interval_maximum` is given: then it can
    be set from `interval` to that in steps. `power` is the average that it measures, `sustainable` what it can sustain.
    `fast_channels` are the fast channels of its commands, by message id.
    """

    name: str
    minimum: int
    maximum: int
    step: int = 1
    cap: int = 0
    interval: int = 1000
    interval_maximum: int | None = None
    interval_step: int = 1
    parent: int | None = None
    power: int = 0
    sustainable: int = 0
    accuracy: int = 0
    fast_channels: Mapping[int, FastChannel] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinGroup:
    """A named group of pins."""

    name: str
    pins: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFunction:
    """A function, and the groups that can be switched to it; with `pin_only`, the pins."""

    name: str
    groups: tuple[int, ...]
    pin_only: bool = False
    gpio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything that the firmware controls, in its state at boot.

    `system_states` are the states of the system that can be requested. `versions` are the protocol versions that it
    speaks, where they are not those of the firmware's profile.
    """

    agents: tuple[PlatformAgent, ...]
    devices: tuple[PlatformDevice, ...] = ()
    clocks: Numbered[Clock] = ()
    resets: Numbered[ResetDomain] = ()
    power_domains: Numbered[PowerDomain] = ()
    performance: Numbered[PerformanceDomain] = ()
    sensors: Numbered[Sensor] = ()
    voltages: Numbered[VoltageDomain] = ()
    power_caps: Numbered[PowerCapDomain] = ()
    pins: Numbered[str] = ()
    pin_groups: Numbered[PinGroup] = ()
    pin_functions: Numbered[PinFunction] = ()
    system_power: bool = False
    system_states: frozenset[int] = frozenset({SHUTDOWN, COLD_RESET, POWER_UP})
    versions: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


def pin_resource(identifier: int, *, group: bool = False) -> int:
    """Return the resource number of a pin, or of a group of pins."""
    return identifier | (_GROUP if group else 0)


def pin_of(resource: int) -> tuple[int, bool]:
    """Return the pin or group that a resource number means, and whether it is a group."""
    return resource & ~_GROUP, bool(resource & _GROUP)


def resource_ids(platform: Platform) -> Mapping[int, frozenset[int]]:
    """Return the ids of the platform's resources, by protocol; protocols without resources are left out."""
    pins = {pin_resource(pin) for pin in by_id(platform.pins)}
    groups = {pin_resource(group, group=True) for group in by_id(platform.pin_groups)}
    found: dict[int, frozenset[int]] = {
        ProtocolId.POWER_DOMAIN: frozenset(by_id(platform.power_domains)),
        ProtocolId.SYSTEM_POWER: frozenset({0} if platform.system_power else ()),
        ProtocolId.PERFORMANCE: frozenset(by_id(platform.performance)),
        ProtocolId.CLOCK: frozenset(by_id(platform.clocks)),
        ProtocolId.SENSOR: frozenset(by_id(platform.sensors)),
        ProtocolId.RESET: frozenset(by_id(platform.resets)),
        ProtocolId.VOLTAGE: frozenset(by_id(platform.voltages)),
        ProtocolId.POWER_CAPPING: frozenset(by_id(platform.power_caps)),
        ProtocolId.PIN_CONTROL: frozenset(pins | groups),
    }
    return {protocol: ids for protocol, ids in found.items() if ids}


def resource_names(platform: Platform, protocol: int) -> Mapping[int, str]:
    """Return what the platform calls the resources of a protocol, by their ids."""
    if protocol == ProtocolId.PIN_CONTROL:
        groups = {pin_resource(number, group=True): each.name for number, each in by_id(platform.pin_groups).items()}
        return {**by_id(platform.pins), **groups}
    named: Mapping[int, Numbered[Any]] = {
        ProtocolId.POWER_DOMAIN: platform.power_domains,
        ProtocolId.PERFORMANCE: platform.performance,
        ProtocolId.CLOCK: platform.clocks,
        ProtocolId.SENSOR: platform.sensors,
        ProtocolId.RESET: platform.resets,
        ProtocolId.VOLTAGE: platform.voltages,
        ProtocolId.POWER_CAPPING: platform.power_caps,
    }
    return {number: each.name for number, each in by_id(named.get(protocol, ())).items()}


def uniform_platform(agents: tuple[PlatformAgent, ...], device_count: int) -> Platform:
    """Return a platform on which device d owns clock d, reset d and power domain d, all off at boot.

    Raises ValueError for more devices than SCMI can count clocks.
    """
    if not 0 <= device_count <= MAX_COUNT:
        raise ValueError(f"{device_count} devices: 0 to {MAX_COUNT} are possible")
    numbers = range(device_count)
    return Platform(
        agents=agents,
        devices=tuple(
            PlatformDevice(
                device_id=number,
                name=f"device-{number}",
                resources={
                    kind: frozenset({number}) for kind in (ProtocolId.POWER_DOMAIN, ProtocolId.CLOCK, ProtocolId.RESET)
                },
            )
            for number in numbers
        ),
        clocks=tuple(Clock(name=f"clock-{number}") for number in numbers),
        resets=tuple(ResetDomain(name=f"reset-{number}") for number in numbers),
        power_domains=tuple(PowerDomain(name=f"power-{number}") for number in numbers),
    )
