"""The firmware's resources in host.toml: a table for each clock, reset, sensor, … with the fields of its record.

    [[firmware.clocks]]
    id = 3
    name = "uart"
    rates = [24000000, 48000000]

What the fields mean is in `xenscmi.firmware.resources`; what no firmware can have is found by `firmware.problems_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

_Id = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF, description="Its id in its protocol.")]
_Name = Annotated[str, msgspec.Meta(description="Its name, up to 63 bytes.")]
_Ids = frozenset[int]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the manifest; keys that are not known are errors."""


class _ResourceTable(_Table, frozen=True):
    id: _Id
    name: _Name


class ClockTable(_ResourceTable, frozen=True):
    """A clock: its rates in Hz (with a step, the lowest and the highest), its parents, who may change it."""

    rates: tuple[int, ...] = (24_000_000,)
    step: int = 0
    rate: int | None = None
    enabled: bool = False
    parents: tuple[int, ...] = ()
    enable_delay: int = 0
    always_on: bool = False
    shared: bool = False
    state_agents: _Ids | None = None
    rate_agents: _Ids | None = None
    parent_agents: _Ids | None = None
    extended_configs: dict[int, int] = {}


class ResetTable(_ResourceTable, frozen=True):
    """A reset line."""

    latency: int = 0xFFFFFFFF
    asserted: bool = False


class PowerDomainTable(_ResourceTable, frozen=True):
    """A power domain."""

    on: bool = False


class LevelTable(_Table, frozen=True):
    """A performance level."""

    level: int
    power: int = 0
    latency: int = 0
    frequency: int = 0


class FastChannelTable(_Table, frozen=True):
    """A fast channel of a command."""

    address: int
    rate_limit: int = 0
    doorbell: int | None = None
    doorbell_width: int = 32
    set_mask: int = 0
    preserve_mask: int = 0


class PerformanceTable(_ResourceTable, frozen=True):
    """A performance domain; fast channels by message id."""

    levels: tuple[LevelTable, ...]
    level: int
    sustained_frequency: int = 0
    sustained_level: int = 0
    rate_limit: int = 0
    level_indexing: bool = False
    can_set_level: bool = True
    can_set_limits: bool = True
    fast_channels: dict[int, FastChannelTable] = {}


class MeasureTable(_Table, frozen=True):
    """What a sensor or an axis measures."""

    kind: int = 2
    exponent: int = 0
    resolution: int = 0
    resolution_exponent: int = 0
    lowest: int = 0
    highest: int = 0


class AxisTable(_Table, frozen=True):
    """An axis of a sensor."""

    name: _Name
    measure: MeasureTable = MeasureTable()
    value: int = 0


class SensorTable(_ResourceTable, frozen=True):
    """A sensor; update intervals as seconds and power of ten."""

    kind: int = 2
    exponent: int = 0
    value: int = 0
    enabled: bool = True
    trip_points: int = 0
    power: int | None = None
    measure: MeasureTable | None = None
    axes: tuple[AxisTable, ...] = ()
    intervals: tuple[tuple[int, int], ...] = ()
    interval_range: bool = False
    timestamps: bool = False


class VoltageTable(_ResourceTable, frozen=True):
    """A voltage domain: its levels in µV (with a step, the lowest and the highest)."""

    levels: tuple[int, ...]
    level: int
    step: int = 0
    on: bool = False


class PowerCapTable(_ResourceTable, frozen=True):
    """A power capping domain: its caps in µW, its averaging interval in µs; fast channels by message id."""

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
    fast_channels: dict[int, FastChannelTable] = {}


class PinTable(_ResourceTable, frozen=True):
    """A pin."""


class PinGroupTable(_ResourceTable, frozen=True):
    """A group of pins."""

    pins: tuple[int, ...]


class PinFunctionTable(_ResourceTable, frozen=True):
    """A function of groups, or of pins."""

    groups: tuple[int, ...]
    pin_only: bool = False
    gpio: bool = False


RECORDS: Mapping[type[msgspec.Struct], str] = {
    ClockTable: "Clock",
    ResetTable: "ResetDomain",
    PowerDomainTable: "PowerDomain",
    LevelTable: "OperatingPoint",
    FastChannelTable: "FastChannel",
    PerformanceTable: "PerformanceDomain",
    MeasureTable: "Measure",
    AxisTable: "SensorAxis",
    SensorTable: "Sensor",
    VoltageTable: "VoltageDomain",
    PowerCapTable: "PowerCapDomain",
    PinGroupTable: "PinGroup",
    PinFunctionTable: "PinFunction",
}


def record(table: object) -> object:
    """Return a table's record; of a list or of a table of tables, all of them."""
    # Making the records' classes takes a while, and few manifests declare resources.
    from xenscmi.firmware import resources

    if isinstance(table, tuple):
        return tuple(map(record, table))
    if isinstance(table, dict):
        return {key: record(value) for key, value in table.items()}
    if isinstance(table, msgspec.Struct):
        values = {name: record(getattr(table, name)) for name in table.__struct_fields__ if name != "id"}
        made: object = getattr(resources, RECORDS[type(table)])(**values)
        return made
    return table
