"""System power, performance, sensors, voltage, power capping and pins: what the owner can do, and what nobody can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from xenscmi.firmware import Firmware, Platform, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import (
    OperatingPoint,
    PerformanceDomain,
    PinFunction,
    PinGroup,
    PowerCapDomain,
    Sensor,
    VoltageDomain,
    pin_resource,
)
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Request
from xenscmi.scmi.protocols import performance as perf
from xenscmi.scmi.protocols import pin_control as pin
from xenscmi.scmi.protocols import power_capping as cap
from xenscmi.scmi.protocols import sensor, voltage
from xenscmi.scmi.protocols import sensor_parts as parts
from xenscmi.scmi.protocols import system_power as system
from xenscmi.scmi.protocols.base import BaseDiscoverListProtocolsRequest, BaseDiscoverListProtocolsResponse
from xenscmi.scmi.protocols.common import RateLimit, Reserved
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

XEN, OWNER, OTHER = 1, 2, 3
LEVELS = tuple(OperatingPoint(level=100 * n, power=n, latency=5) for n in range(1, 9))
NAME = "a-name-of-more-than-15"
PIN, GROUP, FUNCTION = pin.Selector.PIN, pin.Selector.GROUP, pin.Selector.FUNCTION


@pytest.fixture
def board(make_lab: Callable[..., Lab]) -> Lab:
    """PlatformAgent 2 owns one of everything, and pins 0 and 1 with group 0; agent 3 owns pin 2 with group 1."""
    agents = (
        PlatformAgent(agent_id=XEN, func_id=0x8200_0003, shmem=0x47FF_1000, trusted=True),
        PlatformAgent(agent_id=OWNER, func_id=0x8200_0004, shmem=0x47FF_2000, devices=frozenset({0})),
        PlatformAgent(agent_id=OTHER, func_id=0x8200_0005, shmem=0x47FF_3000, devices=frozenset({1})),
    )
    kinds = (
        ProtocolId.SYSTEM_POWER,
        ProtocolId.PERFORMANCE,
        ProtocolId.SENSOR,
        ProtocolId.VOLTAGE,
        ProtocolId.POWER_CAPPING,
    )
    own_pins = frozenset({pin_resource(0), pin_resource(1), pin_resource(0, group=True)})
    other_pins = frozenset({pin_resource(1), pin_resource(2), pin_resource(1, group=True)})
    platform = Platform(
        agents=agents,
        devices=(
            PlatformDevice(
                device_id=0, resources={**{kind: frozenset({0}) for kind in kinds}, ProtocolId.PIN_CONTROL: own_pins}
            ),
            PlatformDevice(device_id=1, resources={ProtocolId.PIN_CONTROL: other_pins}),
        ),
        performance=(PerformanceDomain(name=NAME, levels=LEVELS, level=400, sustained_level=600),),
        sensors=tuple(Sensor(name=f"sensor-{n}", value=n - 5) for n in range(5)),
        voltages=(
            VoltageDomain(name="core", levels=(800_000, 900_000), level=800_000),
            VoltageDomain(name="range", levels=(-100, 100), step=50, level=0),
        ),
        power_caps=(PowerCapDomain(name="soc", minimum=100, maximum=900, step=100, power=250),),
        pins=("p0", "p1", "p2", "p3"),
        pin_groups=(PinGroup(name="uart", pins=(0, 1)), PinGroup(name="spi", pins=(1, 2))),
        pin_functions=(PinFunction(name="serial", groups=(0, 1)),),
        system_power=True,
    )
    return make_lab(platform=platform)


def test_every_protocol_is_listed(board: Lab) -> None:
    listed = (0x12, 0x13, 0x15, 0x17, 0x18, 0x19)
    for agent, protocols in ((XEN, listed), (OWNER, listed), (OTHER, (0x19,))):
        found = board.ask(agent, ProtocolId.BASE, BaseDiscoverListProtocolsRequest(0))
        assert found == BaseDiscoverListProtocolsResponse(len(protocols), protocols)


def test_the_systems_state_is_its_owners_to_change(board: Lab) -> None:
    reset = system.SystemPowerStateSetRequest(system.SystemPowerFlags(0), system.SystemState.COLD_RESET)
    assert board.ask(OTHER, ProtocolId.SYSTEM_POWER, reset) == Status.DENIED
    assert board.ask(OWNER, ProtocolId.SYSTEM_POWER, reset) == system.SystemPowerStateSetResponse()
    found = board.ask(OTHER, ProtocolId.SYSTEM_POWER, system.SystemPowerStateGetRequest())
    assert found == system.SystemPowerStateGetResponse(system.SystemState.COLD_RESET)


def test_performance_levels_come_in_parts_and_are_set_within_limits(board: Lab) -> None:
    attributes = board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceDomainAttributesRequest(0))
    abilities = perf.PerformanceDomainAttributes.of(can_set_limits=True, can_set_level=True, extended_name=True)
    assert attributes == perf.PerformanceDomainAttributesResponse(abilities, RateLimit(0), 0, 600, NAME[:15])
    first = board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceDescribeLevelsRequest(0, 0))
    assert isinstance(first, perf.PerformanceDescribeLevelsResponse)
    assert [level.value for level in first.perf_levels] == [100, 200, 300, 400]
    assert first.num_levels.remaining == 4
    assert board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 300, 200)) == (
        perf.PerformanceLimitsSetResponse()
    )
    assert board.ask(
        OWNER, ProtocolId.PERFORMANCE, perf.PerformanceLevelGetRequest(0)
    ) == perf.PerformanceLevelGetResponse(300)
    assert board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 0, 300)) == (
        perf.PerformanceLimitsSetResponse()
    )
    limits = board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceLimitsGetRequest(0))
    assert limits == perf.PerformanceLimitsGetResponse(300, 300)
    name = board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceDomainNameGetRequest(0))
    assert name == perf.PerformanceDomainNameGetResponse(Reserved(0), NAME)


def test_sensors_are_known_to_all_and_read_by_their_owner(board: Lab) -> None:
    seen: list[str] = []
    while len(seen) < 5:
        part = board.ask(OTHER, ProtocolId.SENSOR, sensor.SensorDescriptionGetRequest(len(seen)))
        assert isinstance(part, sensor.SensorDescriptionGetResponse)
        seen += [each.sensor_name for each in part.desc]
        assert part.num_sensor_flags.remaining == 5 - len(seen)
    assert seen == [f"sensor-{n}" for n in range(5)]
    read = sensor.SensorReadingGetRequest(0, parts.SensorReadingFlags(0))
    assert board.ask(OTHER, ProtocolId.SENSOR, read) == Status.DENIED
    assert board.ask(OWNER, ProtocolId.SENSOR, read) == sensor.SensorReadingGetResponse((parts.SensorReading(-5, 0),))
    off = sensor.SensorConfigSetRequest(0, parts.SensorConfigSet(0))
    assert board.ask(OWNER, ProtocolId.SENSOR, off) == sensor.SensorConfigSetResponse()
    assert board.ask(OWNER, ProtocolId.SENSOR, read) == Status.PROTOCOL_ERROR


def test_voltages_are_set_to_levels_that_there_are(board: Lab) -> None:
    flags = voltage.VoltageLevelSetFlags(0)
    assert board.ask(OWNER, ProtocolId.VOLTAGE, voltage.VoltageLevelSetRequest(0, flags, 900_000)) == (
        voltage.VoltageLevelSetResponse()
    )
    assert board.ask(OWNER, ProtocolId.VOLTAGE, voltage.VoltageLevelGetRequest(0)) == voltage.VoltageLevelGetResponse(
        900_000
    )
    for level, answer in ((-100, voltage.VoltageLevelSetResponse()), (75, Status.INVALID_PARAMETERS)):
        assert board.ask(XEN, ProtocolId.VOLTAGE, voltage.VoltageLevelSetRequest(1, flags, level)) == answer
    assert board.ask(
        XEN, ProtocolId.VOLTAGE, voltage.VoltageDescribeLevelsRequest(1, 0)
    ) == voltage.VoltageDescribeLevelsResponse(voltage.VoltageLevelsFlags.of(format=1, returned=3), (-100, 100, 50))
    on = voltage.VoltageConfigSetRequest(0, voltage.VOLTAGE_ON)
    assert board.ask(OWNER, ProtocolId.VOLTAGE, on) == voltage.VoltageConfigSetResponse()
    found = board.ask(OWNER, ProtocolId.VOLTAGE, voltage.VoltageConfigGetRequest(0))
    assert found == voltage.VoltageConfigGetResponse(voltage.VOLTAGE_ON)


def test_power_is_capped_in_steps(board: Lab) -> None:
    flags = PowercapCapSetFlags(0)
    answers = {
        300: cap.PowercapCapSetResponse(),
        350: Status.INVALID_PARAMETERS,
        1000: Status.OUT_OF_RANGE,
        0: cap.PowercapCapSetResponse(),
    }
    for wanted, answer in answers.items():
        assert board.ask(OWNER, ProtocolId.POWER_CAPPING, cap.PowercapCapSetRequest(0, flags, wanted)) == answer
    measured = board.ask(OWNER, ProtocolId.POWER_CAPPING, cap.PowercapMeasurementsGetRequest(0))
    assert measured == cap.PowercapMeasurementsGetResponse(250, 1000)


def test_pins_are_configured_by_whoever_may_and_has_them(board: Lab) -> None:
    attributes = pin.SettingsConfigureAttributes.of(function_valid=True, num_configs=1, selector=GROUP)
    config = pin.PinConfig(pin.ConfigType(3), 7)
    configure = pin.PinctrlSettingsConfigureRequest(0, 0, attributes, (config,))
    assert board.ask(OTHER, ProtocolId.PIN_CONTROL, configure) == Status.DENIED
    assert board.ask(OWNER, ProtocolId.PIN_CONTROL, configure) == pin.PinctrlSettingsConfigureResponse()
    everything = pin.SettingsGetAttributes.of(config_flag=pin.ConfigFlag.ALL_TYPES, selector=GROUP)
    assert board.ask(OWNER, ProtocolId.PIN_CONTROL, pin.PinctrlSettingsGetRequest(0, everything)) == (
        pin.PinctrlSettingsGetResponse(0, pin.NumConfigs.of(returned=1), (config,))
    )
    groups = pin.PinctrlListAssociationsRequest(0, pin.SelectorFlags(FUNCTION), 1)
    assert board.ask(OTHER, ProtocolId.PIN_CONTROL, groups) == pin.PinctrlListAssociationsResponse(
        pin.AssociationsFlags.of(returned=1), (1,)
    )


def test_a_pin_that_one_agent_has_no_other_gets(board: Lab) -> None:
    """Pin 1 is in both groups: who has one of them keeps the other from being had."""
    own, others = (
        pin.PinctrlRequestRequest(0, pin.SelectorFlags(GROUP)),
        pin.PinctrlRequestRequest(1, pin.SelectorFlags(GROUP)),
    )
    assert board.ask(OWNER, ProtocolId.PIN_CONTROL, own) == pin.PinctrlRequestResponse()
    assert board.ask(OTHER, ProtocolId.PIN_CONTROL, others) == Status.IN_USE
    assert (
        board.ask(OTHER, ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(1, pin.SelectorFlags(PIN))) == Status.IN_USE
    )
    assert (
        board.ask(OTHER, ProtocolId.PIN_CONTROL, pin.PinctrlReleaseRequest(0, pin.SelectorFlags(GROUP)))
        == Status.DENIED
    )
    assert board.ask(OWNER, ProtocolId.PIN_CONTROL, pin.PinctrlReleaseRequest(0, pin.SelectorFlags(GROUP))) == (
        pin.PinctrlReleaseResponse()
    )
    assert board.ask(OTHER, ProtocolId.PIN_CONTROL, others) == pin.PinctrlRequestResponse()


REFUSED: list[tuple[int, Request, Status]] = [
    (ProtocolId.SYSTEM_POWER, system.SystemPowerStateSetRequest(system.SystemPowerFlags(0), 4), Status.NOT_SUPPORTED),
    (
        ProtocolId.SYSTEM_POWER,
        system.SystemPowerStateSetRequest(system.SystemPowerFlags(0), 9),
        Status.INVALID_PARAMETERS,
    ),
    (
        ProtocolId.SYSTEM_POWER,
        system.SystemPowerStateSetRequest(system.SystemPowerFlags(2), 0),
        Status.INVALID_PARAMETERS,
    ),
    (ProtocolId.PERFORMANCE, perf.PerformanceLevelSetRequest(0, 900), Status.OUT_OF_RANGE),
    (ProtocolId.PERFORMANCE, perf.PerformanceLevelSetRequest(0, 150), Status.INVALID_PARAMETERS),
    (ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 100, 200), Status.INVALID_PARAMETERS),
    (ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 900, 200), Status.OUT_OF_RANGE),
    (ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 160, 150), Status.INVALID_PARAMETERS),
    (ProtocolId.PERFORMANCE, perf.PerformanceLimitsSetRequest(0, 0, 0), Status.OUT_OF_RANGE),
    (ProtocolId.PERFORMANCE, perf.PerformanceDescribeLevelsRequest(0, 8), Status.OUT_OF_RANGE),
    (ProtocolId.SENSOR, sensor.SensorDescriptionGetRequest(5), Status.INVALID_PARAMETERS),
    (ProtocolId.SENSOR, sensor.SensorReadingGetRequest(0, parts.SensorReadingFlags(1)), Status.NOT_SUPPORTED),
    (ProtocolId.SENSOR, sensor.SensorReadingGetRequest(1, parts.SensorReadingFlags(0)), Status.DENIED),
    (
        ProtocolId.SENSOR,
        sensor.SensorConfigSetRequest(0, parts.SensorConfigSet.of(timestamps=True)),
        Status.NOT_SUPPORTED,
    ),
    (ProtocolId.VOLTAGE, voltage.VoltageConfigSetRequest(0, voltage.VoltageConfig(9)), Status.INVALID_PARAMETERS),
    (
        ProtocolId.VOLTAGE,
        voltage.VoltageLevelSetRequest(0, voltage.VoltageLevelSetFlags(1), 900_000),
        Status.NOT_SUPPORTED,
    ),
    (
        ProtocolId.VOLTAGE,
        voltage.VoltageLevelSetRequest(0, voltage.VoltageLevelSetFlags(0), 1),
        Status.INVALID_PARAMETERS,
    ),
    (ProtocolId.VOLTAGE, voltage.VoltageDescribeLevelsRequest(0, 2), Status.OUT_OF_RANGE),
    (ProtocolId.VOLTAGE, voltage.VoltageLevelGetRequest(1), Status.DENIED),
    (ProtocolId.POWER_CAPPING, cap.PowercapCapSetRequest(0, PowercapCapSetFlags(2), 300), Status.NOT_SUPPORTED),
    (ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(0, pin.SelectorFlags(FUNCTION)), Status.INVALID_PARAMETERS),
    (ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(0, pin.SelectorFlags(3)), Status.INVALID_PARAMETERS),
    (ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(4, pin.SelectorFlags(PIN)), Status.NOT_FOUND),
    (ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(3, pin.SelectorFlags(PIN)), Status.DENIED),
    (ProtocolId.PIN_CONTROL, pin.PinctrlReleaseRequest(0, pin.SelectorFlags(PIN)), Status.INVALID_PARAMETERS),
    (ProtocolId.PIN_CONTROL, pin.PinctrlListAssociationsRequest(0, pin.SelectorFlags(GROUP), 3), Status.OUT_OF_RANGE),
    (
        ProtocolId.PIN_CONTROL,
        pin.PinctrlListAssociationsRequest(0, pin.SelectorFlags(PIN), 0),
        Status.INVALID_PARAMETERS,
    ),
    (
        ProtocolId.PIN_CONTROL,
        pin.PinctrlSettingsConfigureRequest(0, 1, pin.SettingsConfigureAttributes.of(function_valid=True), ()),
        Status.NOT_FOUND,
    ),
    (
        ProtocolId.PIN_CONTROL,
        pin.PinctrlSettingsGetRequest(0, pin.SettingsGetAttributes.of(config_type=3)),
        Status.NOT_SUPPORTED,
    ),
    (
        ProtocolId.PIN_CONTROL,
        pin.PinctrlSettingsGetRequest(0, pin.SettingsGetAttributes.of(config_flag=3)),
        Status.INVALID_PARAMETERS,
    ),
]


@pytest.mark.parametrize(("protocol", "message", "status"), REFUSED)
def test_a_refused_message_changes_nothing(board: Lab, protocol: int, message: Request, status: Status) -> None:
    before = board.firmware.state()
    assert board.ask(OWNER, protocol, message) == status
    assert board.firmware.state() == before


def test_state_is_kept_and_restored(board: Lab) -> None:
    board.ask(OWNER, ProtocolId.PIN_CONTROL, pin.PinctrlRequestRequest(0, pin.SelectorFlags(GROUP)))
    board.ask(OWNER, ProtocolId.VOLTAGE, voltage.VoltageConfigSetRequest(0, voltage.VOLTAGE_ON))
    board.ask(OWNER, ProtocolId.PERFORMANCE, perf.PerformanceLevelSetRequest(0, 100))
    again = Firmware(board.platform, board.firmware.profile)
    assert again.state() != board.firmware.state()
    again.restore(board.firmware.state())
    assert again.state() == board.firmware.state()
