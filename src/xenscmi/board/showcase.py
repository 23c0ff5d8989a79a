"""A platform with something of everything, for boards and suites that are given no host of their own."""

from __future__ import annotations

from xenscmi.board import layout
from xenscmi.firmware import Platform, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import (
    Clock,
    OperatingPoint,
    PerformanceDomain,
    PinFunction,
    PinGroup,
    PowerCapDomain,
    PowerDomain,
    ResetDomain,
    Sensor,
    VoltageDomain,
    pin_resource,
)
from xenscmi.scmi.header import ProtocolId

DEVICES = ("console", "display", "camera")
"""Device n owns resource n of every kind, the first one system power too; the last is agent 2's, others agent 1's."""

MANAGEMENT_AGENT = 3


def showcase() -> Platform:
    """Return the platform: agents 1 and 2 with devices of their own, and agent 3, which manages them."""
    numbers = range(len(DEVICES))
    return Platform(
        agents=(
            _agent(1, "first", devices=frozenset({0, 1})),
            _agent(2, "second", devices=frozenset({2})),
            _agent(MANAGEMENT_AGENT, "management", trusted=True),
        ),
        devices=tuple(_device(number) for number in numbers),
        clocks=(
            Clock(
                name="console-baud-clock",
                rates=tuple(range(10_000_000, 200_000_001, 10_000_000)),
                rate=50_000_000,
                parents=(1, 2),
            ),
            Clock(name="display", rates=(1_000_000, 100_000_000), step=1_000_000, rate=24_000_000),
            Clock(name="camera"),
        ),
        resets=tuple(ResetDomain(name=f"{name}-reset-line", latency=10) for name in DEVICES),
        power_domains=tuple(PowerDomain(name=f"{name}-power-island") for name in DEVICES),
        performance=tuple(_performance(name) for name in DEVICES),
        sensors=tuple(Sensor(name=f"{name}-temperature", value=40_000, exponent=-3) for name in DEVICES),
        voltages=(
            VoltageDomain(name="console-supply", levels=(1_800_000, 3_300_000), level=3_300_000),
            VoltageDomain(name="display-supply-rail", levels=(800_000, 1_200_000), step=10_000, level=900_000),
            VoltageDomain(name="camera-supply", levels=(2_800_000,), level=2_800_000),
        ),
        power_caps=tuple(
            PowerCapDomain(
                name=f"{name}-power-budget", minimum=1_000, maximum=9_000, step=1_000, cap=9_000, power=4_000
            )
            for name in DEVICES
        ),
        pins=tuple(f"pin-{number}" for number in numbers),
        pin_groups=tuple(PinGroup(name=f"{name}-group-of-pins", pins=(number,)) for number, name in enumerate(DEVICES)),
        pin_functions=tuple(PinFunction(name=name, groups=(number,)) for number, name in enumerate(DEVICES)),
        system_power=True,
    )


def _agent(number: int, name: str, *, trusted: bool = False, devices: frozenset[int] = frozenset()) -> PlatformAgent:
    return PlatformAgent(
        agent_id=number,
        name=name,
        func_id=layout.FUNC_ID + number,
        shmem=layout.PAGES + 2 * number * layout.PAGE_SIZE,
        p2a_shmem=layout.PAGES + (2 * number + 1) * layout.PAGE_SIZE,
        trusted=trusted,
        devices=devices,
    )


def _device(number: int) -> PlatformDevice:
    one = frozenset({number})
    kinds = (
        ProtocolId.POWER_DOMAIN,
        ProtocolId.PERFORMANCE,
        ProtocolId.CLOCK,
        ProtocolId.SENSOR,
        ProtocolId.RESET,
        ProtocolId.VOLTAGE,
        ProtocolId.POWER_CAPPING,
    )
    owned: dict[int, frozenset[int]] = dict.fromkeys(kinds, one)
    owned[ProtocolId.PIN_CONTROL] = frozenset({pin_resource(number), pin_resource(number, group=True)})
    if number == 0:
        owned[ProtocolId.SYSTEM_POWER] = one
    return PlatformDevice(device_id=number, name=DEVICES[number], resources=owned)


def _performance(name: str) -> PerformanceDomain:
    levels = tuple(OperatingPoint(level=level, power=level // 2, latency=100) for level in (200, 400, 800))
    return PerformanceDomain(
        name=f"{name}-performance", levels=levels, level=400, sustained_frequency=400_000, sustained_level=400
    )
