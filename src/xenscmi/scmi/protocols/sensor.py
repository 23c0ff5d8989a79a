"""Sensor management protocol, 0x15 (DEN0056 3.2, 4.7).

Values are signed integers in the unit and power of ten that the sensor's descriptor names. Version 2.0 of the protocol
(SCMI 3.0) brought axes, update intervals and timestamps; what changed its layout then is kept as `…V1`.
"""

from __future__ import annotations

from functools import partial

from xenscmi.scmi.codec import bitfields, i64, integers, records, structure, text, u32, u64
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Pages, Protocol, Request, Response
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


@structure
class SensorProtocolAttributesResponse(Response):
    """The number of sensors, and the address of their values."""

    attributes: SensorProtocolAttributes = bitfields(
        SensorProtocolAttributes, "Number of sensors, limit of pending readings"
    )
    sensor_reg_address: int = u64("Physical address of the shared sensor values")
    sensor_reg_len: int = u32("Bytes of the values; 0: no statistics")


@structure
class SensorDescriptionGetRequest(Request):
    """Ask for the descriptors of the sensors."""

    desc_index: int = u32("Number of sensors to skip, those of earlier answers")


@structure
class SensorDescriptionGetResponse(Response):
    """Some of the sensors."""

    num_sensor_flags: NumSensorFlags = bitfields(NumSensorFlags, "Which descriptors these are")
    desc: tuple[SensorDescriptor, ...] = records(SensorDescriptor, "The descriptors", count="num_sensor_flags.returned")


@structure
class SensorDescriptionGetResponseV1(Response):
    """Some of the sensors, in version 1.0 of the protocol."""

    num_sensor_flags: NumSensorFlags = bitfields(NumSensorFlags, "Which descriptors these are")
    desc: tuple[SensorDescriptorV1, ...] = records(
        SensorDescriptorV1, "The descriptors", count="num_sensor_flags.returned"
    )


@structure
class SensorTripPointNotifyRequest(Request):
    """Start or stop notifications of a sensor's trip points."""

    sensor_id: int = u32("The sensor")
    sensor_event_control: SensorEventControl = bitfields(SensorEventControl, "Whether to send the notifications")


@structure
class SensorTripPointNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class SensorTripPointConfigRequest(Request):
    """Set a trip point of a sensor."""

    sensor_id: int = u32("The sensor")
    trip_point_ev_ctrl: TripPointControl = bitfields(TripPointControl, "Which trip point, and when it trips")
    trip_point_val: int = i64("The value at which it trips")


@structure
class SensorTripPointConfigResponse(Response):
    """The trip point is set."""


@structure
class SensorReadingGetRequest(Request):
    """Ask for the value of a sensor."""

    sensor_id: int = u32("The sensor")
    flags: SensorReadingFlags = bitfields(SensorReadingFlags, "How to read it")


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
    """Ask for the descriptors of the axes of a sensor."""

    sensor_id: int = u32("The sensor")
    axis_desc_index: int = u32("Number of axes to skip, those of earlier answers")


@structure
class SensorAxisDescriptionGetResponse(Response):
    """Some of the axes of a sensor."""

    num_axis_flags: NumAxisFlags = bitfields(NumAxisFlags, "Which axes these are")
    desc: tuple[SensorAxisDescriptor, ...] = records(
        SensorAxisDescriptor, "The descriptors", count="num_axis_flags.returned"
    )


@structure
class SensorListUpdateIntervalsRequest(Request):
    """Ask for the update intervals that a sensor can have."""

    sensor_id: int = u32("The sensor")
    index: int = u32("Number of intervals to skip, those of earlier answers")


@structure
class SensorListUpdateIntervalsResponse(Response):
    """Some of the update intervals that a sensor can have."""

    update_intervals_flags: UpdateIntervalsFlags = bitfields(UpdateIntervalsFlags, "Which intervals these are")
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

    sensor_config: SensorConfig = bitfields(SensorConfig, "Its configuration")


@structure
class SensorConfigSetRequest(Request):
    """Configure a sensor."""

    sensor_id: int = u32("The sensor")
    sensor_config: SensorConfigSet = bitfields(SensorConfigSet, "The requested configuration")


@structure
class SensorConfigSetResponse(Response):
    """The sensor is configured."""


@structure
class SensorContinuousUpdateNotifyRequest(Request):
    """Start or stop notifications of every update of a sensor."""

    sensor_id: int = u32("The sensor")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class SensorContinuousUpdateNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class SensorNameGetRequest(Request):
    """Ask for the full name of a sensor."""

    sensor_id: int = u32("The sensor")


@structure
class SensorNameGetResponse(Response):
    """The full name of a sensor."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class SensorAxisNameGetRequest(Request):
    """Ask for the full names of a sensor's axes."""

    sensor_id: int = u32("The sensor")
    axis_desc_index: int = u32("Number of axes to skip, those of earlier answers")


@structure
class SensorAxisNameGetResponse(Response):
    """Some of the full names of a sensor's axes."""

    num_axis_flags: NumAxisFlags = bitfields(NumAxisFlags, "Which axes these are")
    names: tuple[SensorAxisName, ...] = records(SensorAxisName, "The names", count="num_axis_flags.returned")


@structure
class SensorTripPointEvent(NotificationPayload):
    """A sensor passed a trip point."""

    agent_id: int = u32("The agent that caused it")
    sensor_id: int = u32("The sensor")
    trip_point_desc: TripPointDescription = bitfields(TripPointDescription, "Which trip point")


@structure
class SensorUpdate(NotificationPayload):
    """A sensor has a new value."""

    agent_id: int = u32("The agent that caused it")
    sensor_id: int = u32("The sensor")
    readings: tuple[SensorReading, ...] = records(SensorReading, "The values")


row = partial(Command, ProtocolId.SENSOR)
notice = partial(Notification, ProtocolId.SENSOR)

PROTOCOL = Protocol(
    id=ProtocolId.SENSOR,
    name="sensor",
    section="4.7",
    versions=(0x10000, 0x20000, 0x30000, 0x30001),
    commands=(
        *common_commands(ProtocolId.SENSOR, SensorProtocolAttributesResponse, negotiable_since=0x30001),
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
