"""Sensor management protocol, 0x15 (DEN0056 3.2, 4.7).

Values are signed integers in the unit and power of ten that the sensor's descriptor names. Version 2.0 of the protocol
(SCMI 3.0) brought axes, update intervals and timestamps; what changed its layout then is kept as `…V1`.
"""

from __future__ import annotations

from functools import partial

from xenscmi.scmi.kinds import i64, integers, records, text, u32, u64, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Pages, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NotifyEnable, Reserved, common_commands
from xenscmi.scmi.protocols.sensor_parts import (
    NumAxisFlags,
    NumSensorFlags,
    SensorAxisDescriptor,
    SensorAxisName,
    SensorConfig,
    SensorConfigSet,
    SensorDescriptor,
    SensorDescriptorV1,
    SensorEventControl,
    SensorProtocolAttributes,
    SensorReading,
    SensorReadingFlags,
    TripPointControl,
    TripPointDescription,
    UpdateIntervalsFlags,
)

PROTOCOL_ID = 0x15


@structure
class SensorProtocolAttributesResponse(Response):
    """How many sensors there are, and where their values stand."""

    attributes: SensorProtocolAttributes = word(SensorProtocolAttributes, "Numbers of sensors and of readings")
    sensor_reg_address: int = u64("Physical address of the shared sensor values")
    sensor_reg_len: int = u32("Bytes of the values; 0: there are none")


@structure
class SensorDescriptionGetRequest(Request):
    """Ask for what the sensors are."""

    desc_index: int = u32("How many sensors to leave out, those of earlier answers")


@structure
class SensorDescriptionGetResponse(Response):
    """Some of the sensors."""

    num_sensor_flags: NumSensorFlags = word(NumSensorFlags, "Which descriptors these are")
    desc: tuple[SensorDescriptor, ...] = records(SensorDescriptor, "The descriptors", count="num_sensor_flags.returned")


@structure
class SensorDescriptionGetResponseV1(Response):
    """Some of the sensors, in version 1.0 of the protocol."""

    num_sensor_flags: NumSensorFlags = word(NumSensorFlags, "Which descriptors these are")
    desc: tuple[SensorDescriptorV1, ...] = records(
        SensorDescriptorV1, "The descriptors", count="num_sensor_flags.returned"
    )


@structure
class SensorTripPointNotifyRequest(Request):
    """Ask for notifications of a sensor's trip points, or no longer."""

    sensor_id: int = u32("The sensor")
    sensor_event_control: SensorEventControl = word(SensorEventControl, "Whether trip points shall be notified")


@structure
class SensorTripPointNotifyResponse(Response):
    """Trip points will be notified, or no longer."""


@structure
class SensorTripPointConfigRequest(Request):
    """Set a trip point of a sensor."""

    sensor_id: int = u32("The sensor")
    trip_point_ev_ctrl: TripPointControl = word(TripPointControl, "Which trip point, and when it trips")
    trip_point_val: int = i64("The value at which it trips")


@structure
class SensorTripPointConfigResponse(Response):
    """The trip point is set."""


@structure
class SensorReadingGetRequest(Request):
    """Ask for the value of a sensor."""

    sensor_id: int = u32("The sensor")
    flags: SensorReadingFlags = word(SensorReadingFlags, "How to read it")


@structure
class SensorReadingGetResponse(Response):
    """The value of a sensor, or those of its axes; none if it is read asynchronously."""

    readings: tuple[SensorReading, ...] = records(SensorReading, "The values")


@structure
class SensorReadingGetResponseV1(Response):
    """The value of a sensor, in version 1.0 of the protocol."""

    sensor_value: int = i64("The value")


@structure
class SensorReadingComplete(Response):
    """The value of a sensor that is read asynchronously."""

    sensor_id: int = u32("The sensor")
    readings: tuple[SensorReading, ...] = records(SensorReading, "The values")


@structure
class SensorReadingCompleteV1(Response):
    """The value of a sensor that is read asynchronously, in version 1.0 of the protocol."""

    sensor_id: int = u32("The sensor")
    sensor_value: int = i64("The value")


@structure
class SensorAxisDescriptionGetRequest(Request):
    """Ask for what the axes of a sensor are."""

    sensor_id: int = u32("The sensor")
    axis_desc_index: int = u32("How many axes to leave out, those of earlier answers")


@structure
class SensorAxisDescriptionGetResponse(Response):
    """Some of the axes of a sensor."""

    num_axis_flags: NumAxisFlags = word(NumAxisFlags, "Which axes these are")
    desc: tuple[SensorAxisDescriptor, ...] = records(
        SensorAxisDescriptor, "The descriptors", count="num_axis_flags.returned"
    )


@structure
class SensorListUpdateIntervalsRequest(Request):
    """Ask for the update intervals that a sensor can have."""

    sensor_id: int = u32("The sensor")
    index: int = u32("How many intervals to leave out, those of earlier answers")


@structure
class SensorListUpdateIntervalsResponse(Response):
    """Some of the update intervals that a sensor can have."""

    update_intervals_flags: UpdateIntervalsFlags = word(UpdateIntervalsFlags, "Which intervals these are")
    intervals: tuple[int, ...] = integers(
        "I",
        "Intervals: seconds in bits 20 to 5, power of ten in bits 4 to 0",
        count="update_intervals_flags.returned",
    )


@structure
class SensorConfigGetRequest(Request):
    """Ask for the configuration of a sensor."""

    sensor_id: int = u32("The sensor")


@structure
class SensorConfigGetResponse(Response):
    """The configuration of a sensor."""

    sensor_config: SensorConfig = word(SensorConfig, "Its configuration")


@structure
class SensorConfigSetRequest(Request):
    """Configure a sensor."""

    sensor_id: int = u32("The sensor")
    sensor_config: SensorConfigSet = word(SensorConfigSet, "The configuration wanted")


@structure
class SensorConfigSetResponse(Response):
    """The sensor is configured."""


@structure
class SensorContinuousUpdateNotifyRequest(Request):
    """Ask for notifications of every update of a sensor, or no longer."""

    sensor_id: int = u32("The sensor")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether updates shall be notified")


@structure
class SensorContinuousUpdateNotifyResponse(Response):
    """Updates will be notified, or no longer."""


@structure
class SensorNameGetRequest(Request):
    """Ask for the whole name of a sensor."""

    sensor_id: int = u32("The sensor")


@structure
class SensorNameGetResponse(Response):
    """The whole name of a sensor."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class SensorAxisNameGetRequest(Request):
    """Ask for the whole names of a sensor's axes."""

    sensor_id: int = u32("The sensor")
    axis_desc_index: int = u32("How many axes to leave out, those of earlier answers")


@structure
class SensorAxisNameGetResponse(Response):
    """Some of the whole names of a sensor's axes."""

    num_axis_flags: NumAxisFlags = word(NumAxisFlags, "Which axes these are")
    names: tuple[SensorAxisName, ...] = records(SensorAxisName, "The names", count="num_axis_flags.returned")


@structure
class SensorTripPointEvent(Notice):
    """A sensor has passed a trip point."""

    agent_id: int = u32("The agent that caused it")
    sensor_id: int = u32("The sensor")
    trip_point_desc: TripPointDescription = word(TripPointDescription, "Which trip point")


@structure
class SensorUpdate(Notice):
    """A sensor has a new value."""

    agent_id: int = u32("The agent that caused it")
    sensor_id: int = u32("The sensor")
    readings: tuple[SensorReading, ...] = records(SensorReading, "The values")


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="sensor",
    section="4.7",
    version=0x30001,
    commands=(
        *common_commands(PROTOCOL_ID, SensorProtocolAttributesResponse, negotiable_since=0x30001),
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            SensorDescriptionGetRequest,
            SensorDescriptionGetResponseV1,
            until=0x20000,
            pages=Pages("desc_index", "desc", "num_sensor_flags.remaining"),
        ),
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            SensorDescriptionGetRequest,
            SensorDescriptionGetResponse,
            since=0x20000,
            pages=Pages("desc_index", "desc", "num_sensor_flags.remaining"),
        ),
        row(0x4, "SENSOR_TRIP_POINT_NOTIFY", SensorTripPointNotifyRequest, SensorTripPointNotifyResponse),
        row(0x5, "SENSOR_TRIP_POINT_CONFIG", SensorTripPointConfigRequest, SensorTripPointConfigResponse),
        row(
            0x6,
            "SENSOR_READING_GET",
            SensorReadingGetRequest,
            SensorReadingGetResponseV1,
            SensorReadingCompleteV1,
            until=0x20000,
        ),
        row(
            0x6,
            "SENSOR_READING_GET",
            SensorReadingGetRequest,
            SensorReadingGetResponse,
            SensorReadingComplete,
            since=0x20000,
        ),
        row(
            0x7,
            "SENSOR_AXIS_DESCRIPTION_GET",
            SensorAxisDescriptionGetRequest,
            SensorAxisDescriptionGetResponse,
            since=0x20000,
            pages=Pages("axis_desc_index", "desc", "num_axis_flags.remaining"),
        ),
        row(
            0x8,
            "SENSOR_LIST_UPDATE_INTERVALS",
            SensorListUpdateIntervalsRequest,
            SensorListUpdateIntervalsResponse,
            since=0x20000,
            pages=Pages("index", "intervals", "update_intervals_flags.remaining"),
        ),
        row(0x9, "SENSOR_CONFIG_GET", SensorConfigGetRequest, SensorConfigGetResponse, since=0x20000),
        row(0xA, "SENSOR_CONFIG_SET", SensorConfigSetRequest, SensorConfigSetResponse, since=0x20000),
        row(
            0xB,
            "SENSOR_CONTINUOUS_UPDATE_NOTIFY",
            SensorContinuousUpdateNotifyRequest,
            SensorContinuousUpdateNotifyResponse,
            since=0x20000,
        ),
        row(0xC, "SENSOR_NAME_GET", SensorNameGetRequest, SensorNameGetResponse, since=0x30000),
        row(
            0xD,
            "SENSOR_AXIS_NAME_GET",
            SensorAxisNameGetRequest,
            SensorAxisNameGetResponse,
            since=0x30000,
            pages=Pages("axis_desc_index", "names", "num_axis_flags.remaining"),
        ),
    ),
    notifications=(
        notice(0x0, "SENSOR_TRIP_POINT_EVENT", SensorTripPointEvent),
        notice(0x1, "SENSOR_UPDATE", SensorUpdate, since=0x20000),
    ),
)
