"""`[firmware]` of host.toml: a table for each agent, device, clock, reset, sensor, … with the fields of its record.

    [[firmware.clocks]]
    id = 3
    name = "uart"
    rates = [24000000, 48000000]

Each table is that of a record of `xenscmi.firmware.resources`, with the same fields and defaults. The bounds are those
of the fields in a message; what no firmware can have within them is found by `firmware.problems_of`, through a rule.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from xenscmi.host.section import I32, I64, U8, U16, U32, U63, AgentId, Section

_Name: TypeAlias = Annotated[str, Meta(description="Its name, of 1 to 63 bytes.")]
_Exponent: TypeAlias = Annotated[int, Meta(ge=-16, le=15, description="A power of ten.")]
_Agents: TypeAlias = Annotated[frozenset[AgentId] | None, Meta(description="Who may; without it, whoever may use it.")]
_Step: TypeAlias = Annotated[U63, Meta(description="With a step, the list has the lowest and the highest alone.")]
_Ids: TypeAlias = frozenset[U32]
_ExtendedConfigs: TypeAlias = Annotated[
    dict[int, U32], Meta(description="Extended settings at boot, by type (1 to 255).")
]


# Agents and devices


class AgentSection(Section, frozen=True):
    """An agent as the EL3 firmware has it."""

    id: AgentId
    func_id: Annotated[U32, Meta(description="Its SMC function id.")]
    page: Annotated[U63, Meta(description="The address of its page of shared memory.")]
    p2a_page: Annotated[U63 | None, Meta(description="The address of the page for its notifications.")] = None
    name: Annotated[str, Meta(description="Its name in the firmware, of up to 15 bytes.")] = ""


class DeviceSection(Section, frozen=True):
    """A device as the firmware knows it, and the resources it owns there, by their ids."""

    id: Annotated[U32, Meta(description="Its SCMI device id.")]
    name: Annotated[str, Meta(description="What to call it; SCMI itself has no names for devices.")] = ""
    clocks: _Ids = frozenset()
    resets: _Ids = frozenset()
    power_domains: _Ids = frozenset()
    performance: _Ids = frozenset()
    sensors: _Ids = frozenset()
    voltages: _Ids = frozenset()
    power_caps: _Ids = frozenset()
    pins: _Ids = frozenset()
    pin_groups: _Ids = frozenset()
    system_power: Annotated[bool, Meta(description="Whether it is the system's power.")] = False


# Resources


class ResourceSection(Section, frozen=True):
    """What every resource has."""

    id: Annotated[U32, Meta(description="Its id in its protocol, 0 to 65534.")]
    name: _Name


class ClockSection(ResourceSection, frozen=True):
    """A clock."""

    rates: Annotated[tuple[U63, ...], Meta(description="Its rates in Hz, rising.")] = (24_000_000,)
    step: _Step = 0
    rate: Annotated[U63 | None, Meta(description="The rate at boot in Hz; without it, the lowest.")] = None
    enabled: Annotated[bool, Meta(description="Whether it runs at boot.")] = False
    parents: Annotated[tuple[U32, ...], Meta(description="Ids of clocks; the first is the parent at boot.")] = ()
    enable_delay: Annotated[U32, Meta(description="How long it takes to start, in µs; 0 if unknown.")] = 0
    always_on: Annotated[bool, Meta(description="Whether it cannot be stopped.")] = False
    shared: Annotated[bool, Meta(description="Whether it runs as long as any agent has it enabled.")] = False
    state_agents: Annotated[_Agents, Meta(description="Who may start and stop it; without it, all its users.")] = None
    rate_agents: Annotated[_Agents, Meta(description="Who may set its rate; without it, all its users.")] = None
    parent_agents: Annotated[_Agents, Meta(description="Who may set its parent; without it, all its users.")] = None
    extended_configs: _ExtendedConfigs = field(default_factory=dict)


class ResetSection(ResourceSection, frozen=True):
    """A reset line."""

    latency: Annotated[U32, Meta(description="The longest time that a reset takes, in µs.")] = 0xFFFFFFFF
    asserted: Annotated[bool, Meta(description="Whether it is asserted at boot.")] = False


class PowerDomainSection(ResourceSection, frozen=True):
    """A power domain."""

    on: Annotated[bool, Meta(description="Whether it is on at boot.")] = False


class LevelSection(Section, frozen=True):
    """A performance level."""

    level: U32
    power: Annotated[U32, Meta(description="What it costs, in the platform's unit.")] = 0
    latency: Annotated[U16, Meta(description="How long the change to it takes, in µs.")] = 0
    frequency: Annotated[U32, Meta(description="Its frequency in kHz, for level indexing.")] = 0


class FastChannelSection(Section, frozen=True):
    """A fast channel: a register of shared memory that stands for one command."""

    address: Annotated[U63, Meta(description="A multiple of 4.")]
    rate_limit: Annotated[int, Meta(ge=0, le=0xFFFFF, description="The least time between two uses, in µs.")] = 0
    doorbell: Annotated[U63 | None, Meta(description="The address of its doorbell.")] = None
    doorbell_width: Annotated[U8, Meta(description="In bits: 8, 16, 32 or 64.")] = 32
    set_mask: U63 = 0
    preserve_mask: U63 = 0


_FastChannels: TypeAlias = Annotated[dict[int, FastChannelSection], Meta(description="By the id of the message.")]


class PerformanceSection(ResourceSection, frozen=True):
    """A performance domain."""

    levels: Annotated[tuple[LevelSection, ...], Meta(description="Its levels, rising.")]
    level: Annotated[U32, Meta(description="The level at boot.")]
    sustained_frequency: Annotated[U32, Meta(description="In kHz.")] = 0
    sustained_level: Annotated[U32, Meta(description="The level that goes with it.")] = 0
    rate_limit: Annotated[U32, Meta(description="The least time between two requests, in µs.")] = 0
    level_indexing: Annotated[bool, Meta(description="Whether levels are set by their index.")] = False
    can_set_level: Annotated[bool, Meta(description="Whether agents may set the level.")] = True
    can_set_limits: Annotated[bool, Meta(description="Whether agents may set limits.")] = True
    fast_channels: _FastChannels = field(default_factory=dict)


class MeasureSection(Section, frozen=True):
    """What a sensor or an axis measures."""

    kind: Annotated[U8, Meta(description="DMTF's number of the unit: 2 is degrees Celsius.")] = 2
    exponent: _Exponent = 0
    resolution: Annotated[int, Meta(ge=0, le=0x7FFFFFF)] = 0
    resolution_exponent: _Exponent = 0
    lowest: I64 = 0
    highest: I64 = 0


class AxisSection(Section, frozen=True):
    """An axis of a sensor."""

    name: _Name
    measure: MeasureSection = MeasureSection()
    value: I64 = 0


class SensorSection(ResourceSection, frozen=True):
    """A sensor."""

    kind: Annotated[U8, Meta(description="DMTF's number of the unit: 2 is degrees Celsius.")] = 2
    exponent: _Exponent = 0
    value: Annotated[I64, Meta(description="What it reads.")] = 0
    enabled: Annotated[bool, Meta(description="Whether it is enabled at boot.")] = True
    trip_points: Annotated[U8, Meta(description="How many trip points it has.")] = 0
    power: Annotated[U32 | None, Meta(description="What it uses, in µW.")] = None
    measure: Annotated[MeasureSection | None, Meta(description="Its extended attributes.")] = None
    axes: Annotated[tuple[AxisSection, ...], Meta(description="Its axes, up to 63.")] = ()
    intervals: Annotated[
        tuple[tuple[U16, _Exponent], ...],
        Meta(description="Its update intervals, as seconds and a power of ten; the first is that at boot."),
    ] = ()
    interval_range: Annotated[bool, Meta(description="Whether these are the shortest, the longest, the step.")] = False
    timestamps: Annotated[bool, Meta(description="Whether readings can have them.")] = False


class VoltageSection(ResourceSection, frozen=True):
    """A voltage domain."""

    levels: Annotated[tuple[I32, ...], Meta(description="Its levels in µV, rising.")]
    level: Annotated[I32, Meta(description="The level at boot.")]
    step: _Step = 0
    on: Annotated[bool, Meta(description="Whether it is on at boot.")] = False


class PowerCapSection(ResourceSection, frozen=True):
    """A power capping domain: caps in µW, averaging intervals in µs."""

    minimum: Annotated[U32, Meta(description="The lowest cap.")]
    maximum: Annotated[U32, Meta(description="The highest cap.")]
    step: Annotated[U32, Meta(description="Caps are the lowest and whole steps above it.")] = 1
    cap: Annotated[U32, Meta(description="The cap at boot; 0: none.")] = 0
    interval: Annotated[U32, Meta(description="The averaging interval, or the shortest.")] = 1000
    interval_maximum: Annotated[U32 | None, Meta(description="The longest; without it, the interval is fixed.")] = None
    interval_step: U32 = 1
    parent: Annotated[U32 | None, Meta(description="The id of its parent domain.")] = None
    power: Annotated[U32, Meta(description="What it measures.")] = 0
    sustainable: Annotated[U32, Meta(description="What it can sustain.")] = 0
    accuracy: U32 = 0
    fast_channels: _FastChannels = field(default_factory=dict)


class PinSection(ResourceSection, frozen=True):
    """A pin."""


class PinGroupSection(ResourceSection, frozen=True):
    """A group of pins."""

    pins: Annotated[tuple[U32, ...], Meta(description="Ids of its pins.")]


class PinFunctionSection(ResourceSection, frozen=True):
    """A function of groups, or of pins."""

    groups: Annotated[tuple[U32, ...], Meta(description="Ids of the groups that can be switched to it.")]
    pin_only: Annotated[bool, Meta(description="Whether these are ids of pins.")] = False
    gpio: bool = False


# The firmware


class VersionsSection(Section, frozen=True):
    """The versions of protocols that the firmware speaks, where they are not its profile's: 0x30000 is 3.0."""

    base: U32 | None = None
    power_domain: U32 | None = None
    system_power: U32 | None = None
    performance: U32 | None = None
    clock: U32 | None = None
    sensor: U32 | None = None
    reset: U32 | None = None
    voltage: U32 | None = None
    power_capping: U32 | None = None
    pin_control: U32 | None = None


_SystemState: TypeAlias = Literal["shutdown", "cold_reset", "warm_reset", "power_up", "suspend"]


class FirmwareSection(Section, frozen=True):
    """The EL3 firmware: a profile, and what the firmware has, where that is known."""

    # Clocks, resets and power domains that devices own need no tables of their own: where none of a kind is declared,
    # they get names and the defaults.

    profile: Annotated[
        str, Meta(description="Its kind, as `xenscmi profiles --firmware`, or a file of your own: `my-firmware.toml`.")
    ] = "generic"
    trusted_agent: AgentId | None = None
    unsupported: Annotated[tuple[str, ...], Meta(description="Messages it lacks, by name.")] = ()
    versions: VersionsSection = VersionsSection()
    system_power: Annotated[bool, Meta(description="Whether it has the system power protocol.")] = False
    system_states: Annotated[
        tuple[_SystemState, ...], Meta(description="The states of the system that can be requested.")
    ] = ("shutdown", "cold_reset", "power_up")
    agents: tuple[AgentSection, ...] | None = None
    devices: tuple[DeviceSection, ...] | None = None
    clocks: tuple[ClockSection, ...] = ()
    resets: tuple[ResetSection, ...] = ()
    power_domains: tuple[PowerDomainSection, ...] = ()
    performance: tuple[PerformanceSection, ...] = ()
    sensors: tuple[SensorSection, ...] = ()
    voltages: tuple[VoltageSection, ...] = ()
    power_caps: tuple[PowerCapSection, ...] = ()
    pins: tuple[PinSection, ...] = ()
    pin_groups: tuple[PinGroupSection, ...] = ()
    pin_functions: tuple[PinFunctionSection, ...] = ()
