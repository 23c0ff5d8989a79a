"""The sensor protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import PayloadError, Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import sensor as p
from xenscmi.scmi.protocols import sensor_parts as parts
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.SensorProtocolAttributesResponse(parts.SensorProtocolAttributes.of(sensors=2), 0x1_0000_0000, 8),
        "00000000 02000000 00000000 01000000 08000000",
    ),
    (p.SensorDescriptionGetRequest(1), "01000000"),
    (
        p.SensorDescriptionGetResponse(
            parts.NumSensorFlags.of(returned=3, remaining=1),
            (
                parts.SensorDescriptor(
                    1,
                    parts.SensorAttributesLow(2),
                    parts.SensorAttributesHigh.of(type=2, exponent=-3),
                    "cpu",
                    None,
                    None,
                ),
                parts.SensorDescriptor(
                    2,
                    parts.SensorAttributesLow.of(extended_attributes=True),
                    parts.SensorAttributesHigh(0),
                    "s",
                    parts.SensorPower(9),
                    parts.SensorRange(parts.Resolution.of(value=5, exponent=-1), -40, 125),
                ),
                parts.SensorDescriptor(
                    3,
                    parts.SensorAttributesLow.of(extended_attributes=True),
                    parts.SensorAttributesHigh.of(axis_support=True, axes=3),
                    "t",
                    parts.SensorPower(8),
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
            parts.NumSensorFlags.of(returned=1),
            (
                parts.SensorDescriptorV1(
                    1, parts.SensorAttributesLowV1(2), parts.SensorAttributesHighV1.of(type=2, update_interval=1), "cpu"
                ),
            ),
        ),
        "00000000 01000000 01000000 02000000 02000008 63707500 00000000 00000000 00000000",
    ),
    (p.SensorTripPointNotifyRequest(1, parts.SensorEventControl(1)), "01000000 01000000"),
    (p.SensorTripPointNotifyResponse(), "00000000"),
    (
        p.SensorTripPointConfigRequest(
            1, parts.TripPointControl.of(trip_point_id=2, event_control=parts.TripDirection.BOTH), -2
        ),
        "01000000 23000000 feffffff ffffffff",
    ),
    (p.SensorTripPointConfigResponse(), "00000000"),
    (p.SensorReadingGetRequest(1, parts.SensorReadingFlags.of(asynchronous=True)), "01000000 01000000"),
    (p.SensorReadingGetResponseV1(-2), "00000000 feffffff ffffffff"),
    (p.SensorReadingCompleteV1(1, -2), "00000000 01000000 feffffff ffffffff"),
    (p.SensorAxisDescriptionGetRequest(1, 2), "01000000 02000000"),
    (
        p.SensorAxisDescriptionGetResponse(
            parts.NumAxisFlags.of(returned=2, remaining=1),
            (
                parts.SensorAxisDescriptor(
                    0, parts.AxisAttributesLow(0), parts.AxisAttributesHigh.of(type=89), "x", None
                ),
                parts.SensorAxisDescriptor(
                    1,
                    parts.AxisAttributesLow.of(extended_attributes=True),
                    parts.AxisAttributesHigh(0),
                    "y",
                    parts.SensorRange(parts.Resolution(1), -1, 1),
                ),
            ),
        ),
        "00000000 02000004"
        "00000000 00000000 59000000 78000000 00000000 00000000 00000000"
        "01000000 00010000 00000000 79000000 00000000 00000000 00000000 01000000 ffffffff ffffffff 01000000 00000000",
    ),
    (p.SensorListUpdateIntervalsRequest(1, 2), "01000000 02000000"),
    (
        p.SensorListUpdateIntervalsResponse(parts.UpdateIntervalsFlags.of(returned=2), (32, 64)),
        "00000000 02000000 20000000 40000000",
    ),
    (p.SensorConfigGetRequest(1), "01000000"),
    (
        p.SensorConfigGetResponse(parts.SensorConfig.of(enabled=True, update_interval=2, update_exponent=-3)),
        "00000000 01e80200",
    ),
    (
        p.SensorConfigSetRequest(1, parts.SensorConfigSet.of(enable=True, rounding=parts.Rounding.UP)),
        "01000000 01020000",
    ),
    (p.SensorConfigSetResponse(), "00000000"),
    (p.SensorContinuousUpdateNotifyRequest(1, NotifyEnable(1)), "01000000 01000000"),
    (p.SensorContinuousUpdateNotifyResponse(), "00000000"),
    (p.SensorNameGetRequest(1), "01000000"),
    (p.SensorNameGetResponse(Reserved(0), "c"), "00" * 8 + "63" + "00" * 63),
    (p.SensorAxisNameGetRequest(1, 0), "01000000 00000000"),
    (
        p.SensorAxisNameGetResponse(parts.NumAxisFlags.of(returned=1), (parts.SensorAxisName(2, "z"),)),
        "00000000 01000000 02000000 7a" + "00" * 63,
    ),
    (
        p.SensorTripPointEvent(2, 1, parts.TripPointDescription.of(rising=True, trip_point_id=3)),
        "02000000 01000000 03000100",
    ),
]

# Lists without a count: they go on to the end of the payload.
OPEN_ENDED: list[tuple[Structure, str]] = [
    (p.SensorReadingGetResponse(()), "00000000"),
    (
        p.SensorReadingGetResponse((parts.SensorReading(-1, 7), parts.SensorReading(1, 8))),
        "00000000 ffffffff ffffffff 07000000 00000000 01000000 00000000 08000000 00000000",
    ),
    (p.SensorReadingComplete(1, (parts.SensorReading(2, 0),)), "00000000 01000000 02000000 00000000 00000000 00000000"),
    (p.SensorUpdate(2, 1, (parts.SensorReading(3, 0),)), "02000000 01000000 03000000 00000000 00000000 00000000"),
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
