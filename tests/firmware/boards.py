"""A board with everything: resources of every protocol, of every shape, for tests of whole firmware."""

from __future__ import annotations

from xenscmi.firmware import FirmwareProfile, Platform, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import (
    Clock,
    FastChannel,
    Measure,
    OperatingPoint,
    PerformanceDomain,
    PinFunction,
    PinGroup,
    PowerCapDomain,
    PowerDomain,
    ResetDomain,
    Sensor,
    SensorAxis,
    VoltageDomain,
    pin_resource,
)
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols.system_power import SystemState

TRUSTED, GUEST, OTHER, STRANGER = 1, 2, 3, 4
"""Xen's agent; one that owns device 0; one that owns device 1; one that owns nothing."""

LONG = "a-name-of-more-than-fifteen-characters"
KINDS = (
    ProtocolId.POWER_DOMAIN,
    ProtocolId.PERFORMANCE,
    ProtocolId.CLOCK,
    ProtocolId.SENSOR,
    ProtocolId.RESET,
    ProtocolId.VOLTAGE,
    ProtocolId.POWER_CAPPING,
)


def full_platform(*, notified: bool = True, trusted: int = TRUSTED) -> Platform:
    """Return the board: four agents; device 0 and 1 own resources 0 and 1 of each kind; nobody owns the rest."""
    points = tuple(OperatingPoint(level=100 * n, power=n, latency=5, frequency=1000 * n) for n in range(1, 9))
    axes = tuple(SensorAxis(name=name, value=n) for n, name in enumerate(("x", "y", LONG)))
    return Platform(
        agents=tuple(
            PlatformAgent(
                agent_id=n,
                func_id=0x8200_0002 + n,
                shmem=0x47FF_0000 + n * 0x1000,
                p2a_shmem=0x4800_0000 + n * 0x1000 if notified else None,
                trusted=n == trusted,
                devices=frozenset({n - GUEST} if n in (GUEST, OTHER) else ()),
            )
            for n in (0, TRUSTED, GUEST, OTHER, STRANGER)
        ),
        devices=tuple(
            PlatformDevice(
                device_id=n,
                resources={
                    **{kind: frozenset({n}) for kind in KINDS},
                    ProtocolId.PIN_CONTROL: frozenset({pin_resource(n), pin_resource(n, group=True)}),
                    **({ProtocolId.SYSTEM_POWER: frozenset({0})} if n == 0 else {}),
                },
            )
            for n in range(2)
        ),
        clocks={
            0: Clock(
                name=LONG,
                rates=tuple(range(1000, 41000, 1000)),
                parents=(2, 5),
                enable_delay=10,
                extended_configs={1: 50, 0x80: 7},
            ),
            1: Clock(name="range", rates=(100, 200), step=25, enabled=True, shared=True),
            2: Clock(name="root", enabled=True, always_on=True, rate_agents=frozenset()),
            5: Clock(name="far", state_agents=frozenset({GUEST})),
        },
        resets=tuple(ResetDomain(name=name, latency=5) for name in (LONG, "rst1", "rst2")),
        power_domains=tuple(PowerDomain(name=name, on=True) for name in (LONG, "pd1", "pd2")),
        performance=(
            PerformanceDomain(
                name=LONG,
                levels=points,
                level=400,
                sustained_level=600,
                fast_channels={7: FastChannel(address=0x5000_0000), 8: FastChannel(address=0x5000_0004)},
            ),
            PerformanceDomain(name="indexed", levels=points, level=100, level_indexing=True),
            PerformanceDomain(name="fixed", levels=points[:1], level=100, can_set_level=False, can_set_limits=False),
        ),
        sensors=(
            Sensor(name=LONG, value=42, trip_points=2, intervals=((1, 0), (5, -1)), timestamps=True),
            Sensor(name="axes", axes=axes, power=100),
            Sensor(name="plain", value=-1, measure=Measure(lowest=-40, highest=125), enabled=False),
        ),
        voltages=(
            VoltageDomain(name=LONG, levels=(800_000, 900_000), level=800_000),
            VoltageDomain(name="range", levels=(-100, 100), step=50, level=0),
            VoltageDomain(name="v2", levels=(1,), level=1),
        ),
        power_caps=(
            PowerCapDomain(name=LONG, minimum=100, maximum=900, step=100, power=250, interval_maximum=5000),
            PowerCapDomain(name="cpu", minimum=50, maximum=500, step=50, parent=0),
            PowerCapDomain(name="gpu", minimum=50, maximum=500, step=50, parent=0),
        ),
        pins=("p0", "p1", "p2", LONG),
        pin_groups=(
            PinGroup(name="uart", pins=(0,)),
            PinGroup(name="spi", pins=(1, 2)),
            PinGroup(name=LONG, pins=(3,)),
        ),
        pin_functions=(PinFunction(name="serial", groups=(0, 1)), PinFunction(name=LONG, groups=(2,))),
        system_power=True,
        system_states=frozenset(state.value for state in SystemState),
    )


def trusted_of(profile: FirmwareProfile) -> int:
    """Return an agent of the board that the profile trusts; where none sets permissions, Xen's."""
    return min(profile.trusted_agents or {TRUSTED})
