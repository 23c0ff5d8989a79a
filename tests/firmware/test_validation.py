"""What no platform can have is said with its path, the reason and a fix, however large the numbers are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.firmware.boards import full_platform

from xenscmi.firmware import (
    PROFILES,
    Firmware,
    Platform,
    PlatformAgent,
    PlatformDevice,
    PlatformError,
    problems_of,
    uniform_platform,
)
from xenscmi.firmware.resources import (
    Clock,
    FastChannel,
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
)
from xenscmi.scmi.header import ProtocolId

POINTS = tuple(OperatingPoint(level=100 * n) for n in (1, 2, 3))
AGENT = PlatformAgent(agent_id=2, func_id=0x8200_0004, shmem=0x47FF_2000)


def board(**parts: Any) -> Platform:
    return Platform(**{"agents": (), **parts})


PROBLEMS: list[tuple[Platform, str, str]] = [
    (board(agents=(replace(AGENT, p2a_shmem=AGENT.shmem),)), "agents[2].p2a_shmem", "another channel has its area"),
    (board(clocks={70000: Clock(name="c")}), "clocks[70000]", "id 70000 is not 0 to 65534"),
    (board(clocks={4294967295: Clock(name="c")}), "clocks[4294967295]", "id 4294967295 is not 0 to 65534"),
    (board(resets={-1: ResetDomain(name="r")}), "resets[-1]", "id -1 is not"),
    (board(clocks=(Clock(name="c", rates=()),)), "clocks[0].rates", "the list is empty"),
    (board(clocks=(Clock(name="c", rates=(0, 5)),)), "clocks[0].rates", "0 is not 1 to"),
    (board(clocks=(Clock(name="c", rates=(2, 1)),)), "clocks[0].rates", "do not rise"),
    (board(clocks=(Clock(name="c", rates=(1, 1)),)), "clocks[0].rates", "do not rise"),
    (board(clocks=(Clock(name="c", rates=(1, 2, 3), step=1),)), "clocks[0].rates", "with a step there are 3 values"),
    (board(clocks=(Clock(name="c", rates=(1, 9), step=-1),)), "clocks[0].step", "-1 is not"),
    (
        board(clocks=(Clock(name="c", rates=(1000, 2000), rate=1500),)),
        "clocks[0].rate",
        "1500 is not one",
    ),
    (board(clocks=(Clock(name="c", rates=(10, 20), step=5, rate=12),)), "clocks[0].rate", "12 is not one of its"),
    (board(clocks=(Clock(name="c", parents=(7,)),)), "clocks[0].parents", "there is no clock 7"),
    (board(clocks=(Clock(name="c", parents=(0,)),)), "clocks[0].parents", "its own parent"),
    (board(clocks=(Clock(name="c", always_on=True),)), "clocks[0].enabled", "off at boot"),
    (board(clocks=(Clock(name="c", extended_configs={0: 1}),)), "clocks[0].extended_configs", "out of range"),
    (board(clocks=(Clock(name="c"), Clock(name="c"))), "clocks[1].name", "two clocks have the name 'c'"),
    (board(clocks=(Clock(name="x" * 64),)), "clocks[0].name", "more than 63 bytes"),
    (board(clocks=(Clock(name="a\0"),)), "clocks[0].name", "cannot be printed"),
    (board(agents=(replace(AGENT, name="\udc80"),)), "agents[2].name", "cannot be printed"),
    (board(clocks=(Clock(name=""),)), "clocks[0].name", "empty"),
    (board(power_domains=(PowerDomain(name="é" * 32),)), "power_domains[0].name", "more than 63 bytes"),
    (board(resets=(ResetDomain(name="r", latency=1 << 32),)), "resets[0].latency", "is not 0 to"),
    (board(performance=(PerformanceDomain(name="p", levels=(), level=1),)), "performance[0].levels", "empty"),
    (board(performance=(PerformanceDomain(name="p", levels=POINTS, level=1),)), "performance[0].level", "1 is not one"),
    (
        board(performance=(PerformanceDomain(name="p", levels=POINTS, level=100, sustained_level=150),)),
        "performance[0].sustained_level",
        "150 is not one",
    ),
    (
        board(
            performance=(
                PerformanceDomain(name="p", levels=POINTS, level=100, fast_channels={3: FastChannel(address=1)}),
            )
        ),
        "performance[0].fast_channels",
        "message 0x3 has none",
    ),
    (board(sensors=(Sensor(name="s", kind=256),)), "sensors[0].kind", "256 is not 0 to 255"),
    (board(sensors=(Sensor(name="s", exponent=16),)), "sensors[0].exponent", "16 is not -16 to 15"),
    (board(sensors=(Sensor(name="s", axes=(SensorAxis(name="a"),) * 64),)), "sensors[0].axes", "64 is not 0 to 63"),
    (board(sensors=(Sensor(name="s", intervals=((70000, 0),)),)), "sensors[0].intervals", "out of range"),
    (board(sensors=(Sensor(name="s", intervals=((1, 0),), interval_range=True),)), "sensors[0].intervals", "three"),
    (board(voltages=(VoltageDomain(name="v", levels=(), level=0),)), "voltages[0].levels", "empty"),
    (board(voltages=(VoltageDomain(name="v", levels=(1, 5), level=3),)), "voltages[0].level", "3 is not one"),
    (
        board(voltages=(VoltageDomain(name="v", levels=(1, 2**31), level=1),)),
        "voltages[0].levels",
        "is not -214748",
    ),
    (
        board(power_caps=(PowerCapDomain(name="p", minimum=100, maximum=100),)),
        "power_caps[0].maximum",
        "100 is not above the minimum",
    ),
    (board(power_caps=(PowerCapDomain(name="p", minimum=0, maximum=9),)), "power_caps[0].minimum", "0 is not 1 to"),
    (board(power_caps=(PowerCapDomain(name="p", minimum=1, maximum=9, parent=4),)), "power_caps[0].parent", "no power"),
    (
        board(
            power_caps=(
                PowerCapDomain(name="a", minimum=1, maximum=9, parent=1),
                PowerCapDomain(name="b", minimum=1, maximum=9, parent=0),
            )
        ),
        "power_caps[0].parent",
        "its own ancestor",
    ),
    (
        board(power_caps=(PowerCapDomain(name="p", minimum=10, maximum=90, step=10, cap=15),)),
        "power_caps[0].cap",
        "15 is not one",
    ),
    (board(pin_groups=(PinGroup(name="g", pins=(0,)),)), "pin_groups[0].pins", "there is no pin 0"),
    (board(pin_functions=(PinFunction(name="f", groups=(3,)),)), "pin_functions[0].groups", "there is no pin group 3"),
    (board(agents=(AGENT, replace(AGENT, func_id=1))), "agents[2]", "two agents have agent_id 0x2"),
    (board(agents=(AGENT, replace(AGENT, agent_id=3))), "agents[3].func_id", "two agents have func_id 0x82000004"),
    (board(agents=(replace(AGENT, name="x" * 16),)), "agents[2].name", "more than 15 bytes"),
    (board(agents=(replace(AGENT, devices=frozenset({9})),)), "agents[2].devices", "there is no device 9"),
    (
        board(agents=tuple(replace(AGENT, agent_id=n, func_id=n) for n in range(256))),
        "agents",
        "256 agents",
    ),
    (
        board(devices=(PlatformDevice(device_id=1, resources={ProtocolId.CLOCK: frozenset({4294967295})}),)),
        "devices[1].resources[clock]",
        "clock resource 4294967295, which does not exist",
    ),
    (board(devices=(PlatformDevice(device_id=1),) * 2), "devices[1]", "two devices have id 1"),
    (board(versions={0x14: 0x20001}), "versions.clock", "version 0x20001 of clock is unknown"),
    (board(versions={0x18: 0x30000}), "versions.power_capping", "version 0x30000 of power capping is a beta"),
    (board(versions={0x1B: 0x10000}), "versions.telemetry", "version 0x10000 of telemetry is a beta"),
    (board(versions={0x77: 0x10000}), "versions[0x77]", "0x77 is not a standard protocol"),
]


@pytest.mark.parametrize(("platform", "path", "text"), PROBLEMS, ids=[f"{path}: {text}" for _, path, text in PROBLEMS])
def test_each_problem_is_named(platform: Platform, path: str, text: str) -> None:
    found = list(problems_of(platform))
    match = [problem for problem in found if problem.path == path and text in problem.message]
    assert len(match) == 1, found
    assert match[0].fix
    with pytest.raises(PlatformError) as raised:
        Firmware(platform, PROFILES["generic"])
    assert match[0] in raised.value.problems
    assert f"{path}: {match[0].message}" in str(raised.value)


def test_a_sound_platform_has_none() -> None:
    assert list(problems_of(full_platform())) == []


NUMBERS = st.integers(-(2**70), 2**70)


@settings(max_examples=60)
@given(st.dictionaries(NUMBERS, st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=4), NUMBERS)
def test_no_numbers_hang_or_crash(numbers: dict[int, tuple[int, int, int]], version: int) -> None:
    """Whatever is declared, there are problems or a firmware that serves it."""
    platform = board(
        agents=(replace(AGENT, trusted=True),),
        clocks={id: Clock(name=f"c{id}", rates=(a, b), step=c, rate=a) for id, (a, b, c) in numbers.items()},
        power_caps={
            id: PowerCapDomain(name=f"p{id}", minimum=a, maximum=b, step=c, parent=a)
            for id, (a, b, c) in numbers.items()
        },
        sensors={id: Sensor(name=f"s{id}", kind=a, exponent=b, value=c) for id, (a, b, c) in numbers.items()},
        voltages={
            id: VoltageDomain(name=f"v{id}", levels=(a, b), step=c, level=a) for id, (a, b, c) in numbers.items()
        },
        devices=(PlatformDevice(device_id=0, resources={ProtocolId.CLOCK: frozenset(numbers)}),),
        versions={ProtocolId.CLOCK: version} if version else {},
    )
    if next(problems_of(platform), None) is not None:
        return
    firmware = Firmware(platform, PROFILES["generic"])
    for server in firmware.servers.values():
        server.attributes(2).encode()


def test_more_devices_than_can_be_counted() -> None:
    with pytest.raises(ValueError, match="1000000000000 devices: 0 to 65535 are possible"):
        uniform_platform((), 10**12)
