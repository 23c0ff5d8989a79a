"""What a platform has: its agents, its devices, and the resources that the devices own, as they are at boot.

Values only; what changes while the firmware runs lives in the protocols' servers and in `permissions`. Resources of one
kind are numbered from 0 in the order in which the platform lists them. A resource that no device owns is the trusted
agents' alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from xenscmi.scmi.header import ProtocolId

_GROUP = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAgent:
    """An agent and its channel: the SMC function id that it rings, and the physical address of its page.

    `trusted`: it may set permissions and use everything, unless the profile says who may. `devices` are those that it
    may use from boot on.
    """

    agent_id: int
    func_id: int
    shmem: int
    name: str = ""
    trusted: bool = False
    devices: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDevice:
    """A device under the platform's control: protocol id → the ids of the resources that it owns."""

    device_id: int
    name: str = ""
    resources: Mapping[int, frozenset[int]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock: the rates in Hz that it can have rising (`step` 0: just these; else two, and
    every `step` from the first to the second)."""

    name: str
    rates: tuple[int, ...] = (24_000_000,)
    step: int = 0
    rate: int = 24_000_000
    enabled: bool = False
    parents: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.rates or list(self.rates) != sorted(self.rates) or (self.step and len(self.rates) != 2):
            raise ValueError(f"clock {self.name}: rates must rise, and be two where there is a step")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetDomain:
    """A reset line. `latency` is how long a reset takes, in µs."""

    name: str
    latency: int = 0xFFFF_FFFF
    asserted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerDomain:
    """A power domain, on or off at boot."""

    name: str
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A level: its cost in power (the platform's own unit), and the latency of the change to it, in µs."""

    level: int
    power: int = 0
    latency: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceDomain:
    """A performance domain: its levels, rising; `level` is the one at boot; frequencies in kHz."""

    name: str
    levels: tuple[OperatingPoint, ...]
    level: int
    sustained_frequency: int = 0
    sustained_level: int = 0

    def __post_init__(self) -> None:
        levels = [each.level for each in self.levels]
        if levels != sorted(set(levels)) or self.level not in levels:
            raise ValueError(f"performance domain {self.name}: levels must rise, and the level be one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor: what it measures (the specification's type, `2` is degrees Celsius), and what it reads."""

    name: str
    kind: int = 2
    exponent: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageDomain:
    """A voltage domain: its levels in µV, rising (`step` as for a clock), and its state at boot."""

    name: str
    levels: tuple[int, ...]
    level: int
    step: int = 0
    on: bool = False

    def __post_init__(self) -> None:
        if not self.levels or list(self.levels) != sorted(self.levels) or (self.step and len(self.levels) != 2):
            raise ValueError(f"voltage domain {self.name}: levels must rise, and be two where there is a step")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCapDomain:
    """A power capping domain: the range of its cap in µW, the averaging interval (PAI) in µs, its parent domain."""

    name: str
    minimum: int
    maximum: int
    step: int = 1
    cap: int = 0
    interval: int = 1000
    parent: int | None = None
    power: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PinGroup:
    """A named group of pins."""

    name: str
    pins: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFunction:
    """A function, and the groups that can be switched to it."""

    name: str
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything that the firmware looks after, in its state at boot."""

    agents: tuple[PlatformAgent, ...]
    devices: tuple[PlatformDevice, ...] = ()
    clocks: tuple[Clock, ...] = ()
    resets: tuple[ResetDomain, ...] = ()
    power_domains: tuple[PowerDomain, ...] = ()
    performance: tuple[PerformanceDomain, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    voltages: tuple[VoltageDomain, ...] = ()
    power_caps: tuple[PowerCapDomain, ...] = ()
    pins: tuple[str, ...] = ()
    pin_groups: tuple[PinGroup, ...] = ()
    pin_functions: tuple[PinFunction, ...] = ()
    system_power: bool = False

    def __post_init__(self) -> None:
        pins = {pin for group in self.pin_groups for pin in group.pins}
        groups = {group for function in self.pin_functions for group in function.groups}
        if not pins <= {*range(len(self.pins))} or not groups <= {*range(len(self.pin_groups))}:
            raise ValueError("a pin group has a pin, or a pin function a group, that does not exist")


def pin_resource(identifier: int, *, group: bool = False) -> int:
    """Return the resource number of a pin, or of a group of pins."""
    return identifier | (_GROUP if group else 0)


def pin_of(resource: int) -> tuple[int, bool]:
    """Return the pin or group that a resource number means, and whether it is a group."""
    return resource & ~_GROUP, bool(resource & _GROUP)


def uniform_platform(agents: tuple[PlatformAgent, ...], device_count: int) -> Platform:
    """Return a platform on which device d owns clock d, reset d and power domain d, all off at boot."""
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
