"""Notifications, delayed responses and fast channels: who hears of what, and what is never sent."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.firmware.boards import GUEST, OTHER, TRUSTED, full_platform

from xenscmi.firmware import PROFILES, Firmware
from xenscmi.firmware.outbox import QUEUE_LIMIT
from xenscmi.firmware.performance import PerformanceServer
from xenscmi.firmware.power_capping import PowerCappingServer
from xenscmi.firmware.sensor import SensorServer
from xenscmi.scmi import shmem
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.message import NotificationPayload, Request, Response
from xenscmi.scmi.protocols import base, clock, performance, power_domain, reset, sensor, voltage
from xenscmi.scmi.protocols import power_capping as cap
from xenscmi.scmi.protocols import system_power as system
from xenscmi.scmi.protocols.common import NotifyEnable, ProtocolMessageAttributesRequest, Reserved
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags
from xenscmi.scmi.protocols.sensor_parts import (
    SensorEventControl,
    SensorReading,
    SensorReadingFlags,
    TripDirection,
    TripPointControl,
    TripPointDescription,
)
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

ON, OFF = NotifyEnable(1), NotifyEnable(0)


@pytest.fixture
def board(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab(platform=full_platform())


def heard(lab: Lab, agent: int) -> list[tuple[int, int, int, bytes]]:
    """Take all that waits for an agent: type, protocol, message id, payload."""
    found = []
    while (posted := lab.firmware.outbox.next(agent)) is not None:
        header = posted.header
        found.append((header.message_type, header.protocol_id, header.message_id, posted.payload))
    return found


def notification(protocol: int, message_id: int, message: NotificationPayload) -> tuple[int, int, int, bytes]:
    return (MessageType.NOTIFICATION, protocol, message_id, message.encode())


def delayed(protocol: int, message_id: int, message: Response) -> tuple[int, int, int, bytes]:
    return (MessageType.DELAYED_RESPONSE, protocol, message_id, message.encode())


def test_a_request_for_shutdown_reaches_the_other_agents_that_want_to_know(board: Lab) -> None:
    notify = system.SystemPowerStateNotifyRequest(ON)
    for agent in (GUEST, OTHER):
        assert board.ask(agent, ProtocolId.SYSTEM_POWER, notify) == system.SystemPowerStateNotifyResponse()
    flags = system.SystemPowerFlags.of(graceful=True)
    shutdown = system.SystemPowerStateSetRequest(flags, system.SystemState.SHUTDOWN)
    assert board.ask(GUEST, ProtocolId.SYSTEM_POWER, shutdown) == system.SystemPowerStateSetResponse()
    message = system.SystemPowerStateNotifier(GUEST, flags, system.SystemState.SHUTDOWN, 0)
    assert heard(board, OTHER) == [notification(ProtocolId.SYSTEM_POWER, 0, message)]
    assert heard(board, GUEST) == heard(board, TRUSTED) == []
    board.ask(OTHER, ProtocolId.SYSTEM_POWER, system.SystemPowerStateNotifyRequest(OFF))
    board.ask(GUEST, ProtocolId.SYSTEM_POWER, shutdown)
    assert heard(board, OTHER) == []
    for state in (system.SystemState.WARM_RESET, system.SystemState.SUSPEND):
        request = system.SystemPowerStateSetRequest(flags, state)
        assert board.ask(GUEST, ProtocolId.SYSTEM_POWER, request) == system.SystemPowerStateSetResponse()


CHANGES: list[tuple[int, Request, Request, int, NotificationPayload]] = [
    (
        ProtocolId.CLOCK,
        clock.ClockRateNotifyRequest(0, ON),
        clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, 5000),
        0,
        clock.ClockRateChanged(GUEST, 0, 5000),
    ),
    (
        ProtocolId.POWER_DOMAIN,
        power_domain.PowerStateNotifyRequest(0, ON),
        power_domain.PowerStateSetRequest(power_domain.PowerStateSetFlags(0), 0, power_domain.POWER_OFF),
        0,
        power_domain.PowerStateChanged(GUEST, 0, power_domain.POWER_OFF),
    ),
    (
        ProtocolId.RESET,
        reset.ResetNotifyRequest(0, ON),
        reset.ResetRequest(0, reset.ResetFlags(1), reset.ResetState(0)),
        0,
        reset.ResetIssued(GUEST, 0, reset.ResetState(0)),
    ),
    (
        ProtocolId.PERFORMANCE,
        performance.PerformanceNotifyLevelRequest(0, ON),
        performance.PerformanceLevelSetRequest(0, 500),
        1,
        performance.PerformanceLevelChanged(GUEST, 0, 500),
    ),
    (
        ProtocolId.PERFORMANCE,
        performance.PerformanceNotifyLimitsRequest(0, ON),
        performance.PerformanceLimitsSetRequest(0, 600, 200),
        0,
        performance.PerformanceLimitsChanged(GUEST, 0, 600, 200),
    ),
    (
        ProtocolId.POWER_CAPPING,
        cap.PowercapCapNotifyRequest(0, ON),
        cap.PowercapCapSetRequest(0, PowercapCapSetFlags(0), 300),
        0,
        cap.PowercapCapChanged(GUEST, 0, 300, 1000),
    ),
    (
        ProtocolId.POWER_CAPPING,
        cap.PowercapCapNotifyRequest(0, ON),
        cap.PowercapPaiSetRequest(0, Reserved(0), 2000),
        0,
        cap.PowercapCapChanged(GUEST, 0, 0, 2000),
    ),
]


@pytest.mark.parametrize(("protocol", "subscribe", "change", "message_id", "message"), CHANGES)
def test_subscribers_that_may_use_a_resource_hear_of_changes(
    board: Lab, protocol: int, subscribe: Request, change: Request, message_id: int, message: NotificationPayload
) -> None:
    for agent in (GUEST, TRUSTED):
        assert isinstance(board.ask(agent, protocol, subscribe), Response)
    assert board.ask(OTHER, protocol, subscribe) == Status.DENIED
    assert isinstance(board.ask(GUEST, protocol, change), Response)
    expected = [notification(protocol, message_id, message)]
    assert heard(board, GUEST) == heard(board, TRUSTED) == expected
    assert heard(board, OTHER) == []
    if protocol != ProtocolId.RESET:
        assert isinstance(board.ask(GUEST, protocol, change), Response)
        assert heard(board, GUEST) == [], "nothing changed the second time"


def test_others_hear_of_requests_for_rates_and_states(board: Lab) -> None:
    board.ask(TRUSTED, ProtocolId.CLOCK, clock.ClockRateChangeRequestedNotifyRequest(0, ON))
    board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateChangeRequestedNotifyRequest(0, ON))
    board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, 5500))
    message = clock.ClockRateChangeRequested(GUEST, 0, 5500)
    assert heard(board, TRUSTED) == [notification(ProtocolId.CLOCK, 1, message)]
    assert heard(board, GUEST) == []


ASYNCHRONOUS: list[tuple[int, int, Request, Response]] = [
    (
        ProtocolId.CLOCK,
        0x5,
        clock.ClockRateSetRequest(clock.ClockRateSetFlags(1), 0, 5500),
        clock.ClockRateSetComplete(0, 5000),
    ),
    (
        ProtocolId.POWER_DOMAIN,
        0x4,
        power_domain.PowerStateSetRequest(power_domain.PowerStateSetFlags(1), 0, power_domain.POWER_OFF),
        power_domain.PowerStateSetComplete(0, power_domain.POWER_OFF),
    ),
    (
        ProtocolId.RESET,
        0x4,
        reset.ResetRequest(0, reset.ResetFlags.of(asynchronous=True, autonomous=True), reset.ResetState(0)),
        reset.ResetComplete(0),
    ),
    (
        ProtocolId.VOLTAGE,
        0x7,
        voltage.VoltageLevelSetRequest(0, voltage.VoltageLevelSetFlags(1), 900_000),
        voltage.VoltageLevelSetComplete(0, 900_000),
    ),
    (
        ProtocolId.POWER_CAPPING,
        0x5,
        cap.PowercapCapSetRequest(0, PowercapCapSetFlags.of(asynchronous=True), 300),
        cap.PowercapCapSetComplete(0, 300),
    ),
    (
        ProtocolId.SENSOR,
        0x6,
        sensor.SensorReadingGetRequest(0, SensorReadingFlags(1)),
        sensor.SensorReadingComplete(0, (SensorReading(42, 0),)),
    ),
]


@pytest.mark.parametrize(("protocol", "message_id", "request_", "complete"), ASYNCHRONOUS)
def test_an_asynchronous_command_is_answered_twice(
    board: Lab, protocol: int, message_id: int, request_: Request, complete: Response
) -> None:
    header = Header.of(protocol_id=protocol, message_id=message_id, token=77)
    assert board.firmware.answer(GUEST, header, request_.encode())[:4] == bytes(4)
    posted = board.firmware.outbox.next(GUEST)
    assert posted is not None
    assert posted.header == header.replace(message_type=MessageType.DELAYED_RESPONSE)
    assert posted.payload == complete.encode()
    assert board.ask(OTHER, protocol, request_) == Status.DENIED
    assert heard(board, OTHER) == []


def test_a_delayed_response_can_be_declined(board: Lab) -> None:
    flags = clock.ClockRateSetFlags.of(asynchronous=True, ignore_delayed_response=True)
    assert board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateSetRequest(flags, 0, 5000)) == clock.ClockRateSetResponse()
    assert heard(board, GUEST) == []


def test_sensors_tell_of_trip_points_and_updates(board: Lab) -> None:
    server = board.firmware.servers[ProtocolId.SENSOR]
    assert isinstance(server, SensorServer)
    control = TripPointControl.of(trip_point_id=1, event_control=TripDirection.BOTH)
    for request in (
        sensor.SensorTripPointConfigRequest(0, control, 50),
        sensor.SensorTripPointNotifyRequest(0, SensorEventControl(1)),
        sensor.SensorContinuousUpdateNotifyRequest(0, ON),
    ):
        assert isinstance(board.ask(GUEST, ProtocolId.SENSOR, request), Response)
    bad = TripPointControl.of(trip_point_id=2, event_control=1)
    request = sensor.SensorTripPointConfigRequest(0, bad, 50)
    assert board.ask(GUEST, ProtocolId.SENSOR, request) == Status.INVALID_PARAMETERS
    expected = []
    for value, rising in ((51, True), (52, None), (49, False)):
        server.set_value(0, value)
        if rising is not None:
            event = sensor.SensorTripPointEvent(0, 0, TripPointDescription.of(trip_point_id=1, rising=rising))
            expected.append(notification(ProtocolId.SENSOR, 0, event))
        update = sensor.SensorUpdate(0, 0, (SensorReading(value, 0),))
        expected.append(notification(ProtocolId.SENSOR, 1, update))
    assert heard(board, GUEST) == expected


def test_power_that_crosses_a_threshold_is_told_to_who_set_it(board: Lab) -> None:
    server = board.firmware.servers[ProtocolId.POWER_CAPPING]
    assert isinstance(server, PowerCappingServer)
    request = cap.PowercapMeasurementsNotifyRequest(0, ON, 200, 300)
    assert board.ask(GUEST, ProtocolId.POWER_CAPPING, request) == cap.PowercapMeasurementsNotifyResponse()
    for power in (299, 301, 302, 199):
        server.measure(0, power)
    told = [cap.PowercapMeasurementsChanged(0, 0, power) for power in (301, 199)]
    assert heard(board, GUEST) == [notification(ProtocolId.POWER_CAPPING, 1, message) for message in told]


def test_who_lost_the_resource_or_was_reset_hears_nothing(board: Lab) -> None:
    for agent in (GUEST, TRUSTED):
        board.ask(agent, ProtocolId.CLOCK, clock.ClockRateNotifyRequest(0, ON))
    deny = base.BaseSetDevicePermissionsRequest(GUEST, 0, base.AccessFlags(0))
    board.ask(TRUSTED, ProtocolId.BASE, deny)
    board.ask(TRUSTED, ProtocolId.CLOCK, clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, 5000))
    assert heard(board, GUEST) == []
    assert len(heard(board, TRUSTED)) == 1
    board.ask(TRUSTED, ProtocolId.BASE, deny.replace(flags=base.AccessFlags(1)))
    board.ask(TRUSTED, ProtocolId.BASE, base.BaseResetAgentConfigurationRequest(GUEST, base.ResetAgentFlags(0)))
    board.ask(TRUSTED, ProtocolId.CLOCK, clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, 6000))
    assert heard(board, GUEST) == [], "the reset ended the subscription"


def test_without_a_channel_to_the_agent_nothing_can_be_asked_for(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(platform=full_platform(notified=False))
    for protocol, subscribe, _, _, _ in CHANGES:
        assert lab.ask(GUEST, protocol, subscribe) == Status.NOT_SUPPORTED
    for protocol, _, request, _ in ASYNCHRONOUS:
        assert lab.ask(GUEST, protocol, request) == Status.NOT_SUPPORTED
    for protocol, message, status in (
        (ProtocolId.SYSTEM_POWER, 0x5, Status.NOT_SUPPORTED),  # DEN0056 4.4.2.4
        (ProtocolId.CLOCK, 0x9, Status.NOT_FOUND),
    ):
        assert lab.ask(GUEST, protocol, ProtocolMessageAttributesRequest(message)) == status
    attributes = lab.ask(GUEST, ProtocolId.CLOCK, clock.ClockAttributesRequest(0))
    assert isinstance(attributes, clock.ClockAttributesResponse)
    assert not attributes.attributes.rate_changed_notifications


def test_messages_are_delivered_one_at_a_time_on_the_agents_page(board: Lab) -> None:
    board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateNotifyRequest(0, ON))
    for rate in (2000, 3000):
        board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, rate))
    page = bytearray(4096)
    shmem.reset(page)
    for rate in (2000, 3000):
        assert board.firmware.deliver(GUEST, page)
        assert not board.firmware.deliver(GUEST, page), "not acknowledged yet"
        posted = shmem.acknowledge(page)
        assert clock.ClockRateChanged.decode(posted.payload) == clock.ClockRateChanged(GUEST, 0, rate)
    assert not board.firmware.deliver(GUEST, page)
    with pytest.raises(shmem.ChannelError, match="sent nothing"):
        shmem.acknowledge(page)


def test_the_agents_with_messages_are_known(board: Lab) -> None:
    """Also after the last message was taken, and after the agent was reset."""
    outbox = board.firmware.outbox
    set_rate = clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, 3000)
    for agent in (GUEST, TRUSTED):
        board.ask(agent, ProtocolId.CLOCK, clock.ClockRateNotifyRequest(0, ON))
    assert outbox.agents_waiting() == ()
    board.ask(GUEST, ProtocolId.CLOCK, set_rate)
    board.ask(GUEST, ProtocolId.CLOCK, set_rate.replace(rate=2000))
    assert sorted(outbox.agents_waiting()) == [TRUSTED, GUEST]
    for left in ((TRUSTED, GUEST), (TRUSTED,)):
        outbox.next(GUEST)
        assert sorted(outbox.agents_waiting()) == list(left)
    outbox.forget(TRUSTED)
    assert outbox.agents_waiting() == ()
    board.ask(TRUSTED, ProtocolId.CLOCK, set_rate)
    assert outbox.agents_waiting() == (GUEST,)
    outbox.clear()
    assert outbox.agents_waiting() == ()


def test_a_queue_is_bounded(board: Lab) -> None:
    board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateNotifyRequest(0, ON))
    for turn in range(QUEUE_LIMIT + 3):
        rate = 2000 if turn % 2 else 3000
        board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 0, rate))
    assert board.firmware.outbox.waiting(GUEST) == QUEUE_LIMIT
    assert board.firmware.outbox.dropped == 3


def test_subscriptions_and_negotiated_versions_are_part_of_the_state(board: Lab) -> None:
    board.ask(GUEST, ProtocolId.CLOCK, clock.ClockRateNotifyRequest(0, ON))
    board.firmware.servers[ProtocolId.CLOCK].agree(OTHER, 0x20000)
    again = Firmware(board.platform, PROFILES["generic"])
    again.restore(board.firmware.state())
    assert again.state() == board.firmware.state()
    assert list(again.outbox.subscriptions()) == [(GUEST, (ProtocolId.CLOCK, 0, 0))]
    assert again.servers[ProtocolId.CLOCK].form_of(OTHER) == 0x20000


def test_a_fast_channel_is_described_and_obeyed(board: Lab) -> None:
    server = board.firmware.servers[ProtocolId.PERFORMANCE]
    assert isinstance(server, PerformanceServer)
    found = board.ask(GUEST, ProtocolId.PERFORMANCE, performance.PerformanceDescribeFastchannelRequest(0, 7))
    assert isinstance(found, performance.PerformanceDescribeFastchannelResponse)
    assert (found.chan_addr, found.chan_size) == (0x5000_0000, 4)
    missing = performance.PerformanceDescribeFastchannelRequest(0, 5)
    assert board.ask(GUEST, ProtocolId.PERFORMANCE, missing) == Status.NOT_SUPPORTED
    assert server.write_fast_channel(0, 7, struct.pack("<I", 500))
    assert server.read_fast_channel(0, 8) == struct.pack("<I", 500)
    for bad in (struct.pack("<I", 501), struct.pack("<I", 9000), b"\0\0", b""):
        assert not server.write_fast_channel(0, 7, bad)
    assert not server.write_fast_channel(1, 7, struct.pack("<I", 500))
    assert server.read_fast_channel(0, 8) == struct.pack("<I", 500)
