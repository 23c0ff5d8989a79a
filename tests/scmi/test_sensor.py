"""The sensor protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.layout import PayloadError, Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import sensor as p
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.SensorProtocolAttributesResponse(p.SensorProtocolAttributes.of(sensors=2), 0x1_0000_0000, 8),
        "00000000 02000000 00000000 01000000 08000000",
    ),
    (p.SensorDescriptionGetRequest(1), "01000000"),
    (
        p.SensorDescriptionGetResponse(
            p.NumSensorFlags.of(returned=3, remaining=1),
            (
                p.SensorDescriptor(
                    1, p.SensorAttributesLow(2), p.SensorAttributesHigh.of(type=2, exponent=-3), "cpu", None, None
                ),
                p.SensorDescriptor(
                    2,
                    p.SensorAttributesLow.of(extended_attributes=True),
                    p.SensorAttributesHigh(0),
                    "s",
                    p.SensorPower(9),
                    p.SensorRange(p.Resolution.of(value=5, exponent=-1), -40, 125),
                ),
                p.SensorDescriptor(
                    3,
                    p.SensorAttributesLow.of(extended_attributes=True),
                    p.SensorAttributesHigh.of(axis_support=True, axes=3),
                    "t",
                    p.SensorPower(8),
                    None,
                ),
            ),
        ),
        "00000000 03000100"
        "01000000 02000000 02e80000 63707500 00000000 00000000 00000000"
        "02000000 00010000 00000000 73000000 00000000 00000000 00000000"
        "09000000 050000f8 d8ffffff ffffffff 7d000000 00000000"
        "03000000 00010000 00010300 74000000 00000000 00000000 00000000 08000000",
    ),
    (
        p.SensorDescriptionGetResponseV1(
            p.NumSensorFlags.of(returned=1),
            (
                p.SensorDescriptorV1(
                    1, p.SensorAttributesLowV1(2), p.SensorAttributesHighV1.of(type=2, update_interval=1), "cpu"
                ),
            ),
        ),
        "00000000 01000000 01000000 02000000 02000008 63707500 00000000 00000000 00000000",
    ),
    (p.SensorTripPointNotifyRequest(1, p.SensorEventControl(1)), "01000000 01000000"),
    (p.SensorTripPointNotifyResponse(), "00000000"),
    (
        p.SensorTripPointConfigRequest(
            1, p.TripPointControl.of(trip_point_id=2, event_control=p.TripDirection.BOTH), -2
        ),
        "01000000 23000000 feffffff ffffffff",
    ),
    (p.SensorTripPointConfigResponse(), "00000000"),
    (p.SensorReadingGetRequest(1, p.SensorReadingFlags.of(asynchronous=True)), "01000000 01000000"),
    (p.SensorReadingGetResponseV1(-2), "00000000 feffffff ffffffff"),
    (p.SensorReadingCompleteV1(1, -2), "00000000 01000000 feffffff ffffffff"),
    (p.SensorAxisDescriptionGetRequest(1, 2), "01000000 02000000"),
    (
        p.SensorAxisDescriptionGetResponse(
            p.NumAxisFlags.of(returned=2, remaining=1),
            (
                p.SensorAxisDescriptor(0, p.AxisAttributesLow(0), p.AxisAttributesHigh.of(type=89), "x", None),
                p.SensorAxisDescriptor(
                    1,
                    p.AxisAttributesLow.of(extended_attributes=True),
                    p.AxisAttributesHigh(0),
                    "y",
                    p.SensorRange(p.Resolution(1), -1, 1),
                ),
            ),
        ),
        "00000000 02000004"
        "00000000 00000000 59000000 78000000 00000000 00000000 00000000"
        "01000000 00010000 00000000 79000000 00000000 00000000 00000000 01000000 ffffffff ffffffff 01000000 00000000",
    ),
    (p.SensorListUpdateIntervalsRequest(1, 2), "01000000 02000000"),
    (
        p.SensorListUpdateIntervalsResponse(p.UpdateIntervalsFlags.of(returned=2), (32, 64)),
        "00000000 02000000 20000000 40000000",
    ),
    (p.SensorConfigGetRequest(1), "01000000"),
    (
        p.SensorConfigGetResponse(p.SensorConfig.of(enabled=True, update_interval=2, update_exponent=-3)),
        "00000000 01e80200",
    ),
    (p.SensorConfigSetRequest(1, p.SensorConfigSet.of(enable=True, rounding=p.Rounding.UP)), "01000000 01020000"),
    (p.SensorConfigSetResponse(), "00000000"),
    (p.SensorContinuousUpdateNotifyRequest(1, NotifyEnable(1)), "01000000 01000000"),
    (p.SensorContinuousUpdateNotifyResponse(), "00000000"),
    (p.SensorNameGetRequest(1), "01000000"),
    (p.SensorNameGetResponse(Reserved(0), "c"), "00" * 8 + "63" + "00" * 63),
    (p.SensorAxisNameGetRequest(1, 0), "01000000 00000000"),
    (
        p.SensorAxisNameGetResponse(p.NumAxisFlags.of(returned=1), (p.SensorAxisName(2, "z"),)),
        "00000000 01000000 02000000 7a" + "00" * 63,
    ),
    (
        p.SensorTripPointEvent(2, 1, p.TripPointDescription.of(rising=True, trip_point_id=3)),
        "02000000 01000000 03000100",
    ),
]

# Lists without a count: they go on to the end of the payload.
OPEN_ENDED: list[tuple[Structure, str]] = [
    (p.SensorReadingGetResponse(()), "00000000"),
    (
        p.SensorReadingGetResponse((p.SensorReading(-1, 7), p.SensorReading(1, 8))),
        "00000000 ffffffff ffffffff 07000000 00000000 01000000 00000000 08000000 00000000",
    ),
    (p.SensorReadingComplete(1, (p.SensorReading(2, 0),)), "00000000 01000000 02000000 00000000 00000000 00000000"),
    (p.SensorUpdate(2, 1, (p.SensorReading(3, 0),)), "02000000 01000000 03000000 00000000 00000000 00000000"),
]


@pytest.mark.parametrize(("message", "octets"), OPEN_ENDED, ids=lambda value: type(value).__name__)
def test_open_ended_lists_hold_whole_entries(message: Structure, octets: str) -> None:
    payload = bytes.fromhex(octets)
    assert message.encode() == payload
    assert type(message).decode(payload) == message
    for extra in range(1, 16):
        with pytest.raises(PayloadError):
            type(message).decode(payload + bytes(extra))


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES + OPEN_ENDED)
