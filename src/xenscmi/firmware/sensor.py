"""The server of the sensor protocol, 0x15 (DEN0056 4.7).

Everybody may know which sensors and axes there are. Values come from the platform, or from `set_value`, which also
sends the notifications that a new value brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.firmware.resources import Measure, Sensor, SensorAxis, by_id
from xenscmi.firmware.server import Answer, Context, Row, Server, State, short_name
from xenscmi.scmi.message import Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.sensor import (
    PROTOCOL,
    SensorAxisDescriptionGetRequest,
    SensorAxisDescriptionGetResponse,
    SensorAxisNameGetRequest,
    SensorAxisNameGetResponse,
    SensorConfigGetRequest,
    SensorConfigGetResponse,
    SensorConfigSetRequest,
    SensorConfigSetResponse,
    SensorContinuousUpdateNotifyRequest,
    SensorContinuousUpdateNotifyResponse,
    SensorDescriptionGetRequest,
    SensorDescriptionGetResponse,
    SensorDescriptionGetResponseV1,
    SensorListUpdateIntervalsRequest,
    SensorListUpdateIntervalsResponse,
    SensorNameGetRequest,
    SensorNameGetResponse,
    SensorProtocolAttributesResponse,
    SensorReadingComplete,
    SensorReadingCompleteV1,
    SensorReadingGetRequest,
    SensorReadingGetResponse,
    SensorReadingGetResponseV1,
    SensorTripPointConfigRequest,
    SensorTripPointConfigResponse,
    SensorTripPointEvent,
    SensorTripPointNotifyRequest,
    SensorTripPointNotifyResponse,
    SensorUpdate,
)
from xenscmi.scmi.protocols.sensor_parts import (
    AxisAttributesHigh,
    AxisAttributesLow,
    IntervalFormat,
    NumAxisFlags,
    NumSensorFlags,
    Resolution,
    SensorAttributesHigh,
    SensorAttributesHighV1,
    SensorAttributesLow,
    SensorAttributesLowV1,
    SensorAxisDescriptor,
    SensorAxisName,
    SensorConfig,
    SensorDescriptor,
    SensorDescriptorV1,
    SensorPower,
    SensorProtocolAttributes,
    SensorRange,
    SensorReading,
    TripDirection,
    TripPointDescription,
    UpdateIntervalsFlags,
)
from xenscmi.scmi.status import Status

TRIP_POINT, UPDATE = 0, 1
ASYNCHRONOUS_READINGS = 8
PLATFORM = 0
_V2 = 0x20000
_DESCRIPTOR_SIZE_V1, _AXIS_NAME_SIZE, _READING_SIZE = 28, 68, 16


@dataclass(slots=True)
class SensorSetting:
    """What can change of a sensor: `values` of its axes (one without axes), `trips` by trip point: value, direction."""

    enabled: bool
    timestamps: bool
    interval: tuple[int, int]
    values: list[int]
    trips: dict[int, tuple[int, int]]


class SensorServer(Server):
    """Sensors; `settings` is their present state, by sensor id. `now` is the time of timestamps."""

    protocol = PROTOCOL

    def __init__(self, context: Context) -> None:
        self.sensors = by_id(context.platform.sensors)
        self.settings = {number: _boot_setting(sensor) for number, sensor in self.sensors.items()}
        self.now = 0
        super().__init__(context, self.sensors)

    def attributes(self, agent: int) -> Response:
        readings = ASYNCHRONOUS_READINGS if self.defers(agent) else 0
        attributes = SensorProtocolAttributes.of(sensors=len(self.sensors), max_async_readings=readings)
        return SensorProtocolAttributesResponse(attributes, 0, 0)

    def rows(self) -> Sequence[Row]:
        row = self.row
        return (
            row(SensorDescriptionGetRequest, self._describe, is_open=True),
            row(SensorTripPointNotifyRequest, self._notify_trips, "sensor_id", notifies=True),
            row(SensorTripPointConfigRequest, self._trip_config, "sensor_id"),
            row(SensorReadingGetRequest, self._read, "sensor_id", reads=True),
            row(SensorAxisDescriptionGetRequest, self._axes, "sensor_id", is_open=True),
            row(SensorListUpdateIntervalsRequest, self._intervals, "sensor_id", is_open=True),
            row(SensorConfigGetRequest, self._config_get, "sensor_id", reads=True),
            row(SensorConfigSetRequest, self._config_set, "sensor_id"),
            row(SensorContinuousUpdateNotifyRequest, self._notify_updates, "sensor_id", notifies=True),
            row(SensorNameGetRequest, self._name, "sensor_id", is_open=True),
            row(SensorAxisNameGetRequest, self._axis_names, "sensor_id", is_open=True),
        )

    def state(self) -> State:
        found: State = []
        for each in self.settings.values():
            trips = [value for point, trip in sorted(each.trips.items()) for value in (point, *trip)]
            found.append([each.enabled, each.timestamps, *each.interval, len(each.values), *each.values, *trips])
        return found

    def restore(self, state: State) -> None:
        for number, row in zip(self.settings, state, strict=True):
            enabled, timestamps, seconds, exponent, count, *more = [value or 0 for value in row]
            trips = more[count:]
            self.settings[number] = SensorSetting(
                bool(enabled),
                bool(timestamps),
                (seconds, exponent),
                more[:count],
                {trips[at]: (trips[at + 1], trips[at + 2]) for at in range(0, len(trips), 3)},
            )

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            values = self.settings[number].values
            self.settings[number] = _boot_setting(self.sensors[number])
            self.settings[number].values = values

    # Descriptors

    def _describe(self, agent: int, request: SensorDescriptionGetRequest) -> Answer:
        numbers = list(self.sensors)
        if request.desc_index >= len(numbers):
            return Status.INVALID_PARAMETERS
        room, rest = self.profile.max_response - 8, numbers[request.desc_index :]
        if self.form_of(agent) < _V2:
            part = rest[: room // _DESCRIPTOR_SIZE_V1]
            which = NumSensorFlags.of(remaining=len(rest) - len(part), returned=len(part))
            return SensorDescriptionGetResponseV1(which, tuple(self._descriptor_v1(number) for number in part))
        found: list[SensorDescriptor] = []
        for number in rest:
            descriptor = self._descriptor(agent, number)
            room -= len(descriptor.encode())
            if room < 0:
                break
            found.append(descriptor)
        which = NumSensorFlags.of(remaining=len(rest) - len(found), returned=len(found))
        return SensorDescriptionGetResponse(which, tuple(found))

    def _descriptor(self, agent: int, number: int) -> SensorDescriptor:
        sensor, reaches = self.sensors[number], self.outbox.reaches(agent)
        extended = sensor.power is not None or sensor.measure is not None
        low = SensorAttributesLow.of(
            asynchronous=self.defers(agent),
            continuous_updates=reaches,
            extended_name=self.has_extended_name(agent, sensor.name),
            timestamps=sensor.timestamps,
            extended_attributes=extended,
            trip_points=sensor.trip_points,
        )
        high = SensorAttributesHigh.of(
            type=sensor.kind, exponent=sensor.exponent, axes=len(sensor.axes), axis_support=bool(sensor.axes)
        )
        power = SensorPower(sensor.power or 0) if extended else None
        span = _range(sensor.measure or Measure()) if extended and not sensor.axes else None
        return SensorDescriptor(number, low, high, short_name(sensor.name), power, span)

    def _descriptor_v1(self, number: int) -> SensorDescriptorV1:
        sensor = self.sensors[number]
        seconds, exponent = sensor.intervals[0] if sensor.intervals else (0, 0)
        high = SensorAttributesHighV1.of(
            type=sensor.kind,
            exponent=sensor.exponent,
            update_interval=seconds if seconds < 32 else 0,
            update_exponent=exponent,
        )
        low = SensorAttributesLowV1.of(trip_points=sensor.trip_points)
        return SensorDescriptorV1(number, low, high, short_name(sensor.name))

    def _name(self, agent: int, request: SensorNameGetRequest) -> Answer:
        return SensorNameGetResponse(Reserved(0), self.sensors[request.sensor_id].name)

    # Axes and intervals

    def _axes(self, agent: int, request: SensorAxisDescriptionGetRequest) -> Answer:
        axes = self.sensors[request.sensor_id].axes
        if not axes:
            return Status.NOT_SUPPORTED
        if request.axis_desc_index >= len(axes):
            return Status.INVALID_PARAMETERS
        rest = list(enumerate(axes))[request.axis_desc_index :]
        size = len(self._axis(agent, *rest[0]).encode())
        part = rest[: (self.profile.max_response - 8) // size]
        which = NumAxisFlags.of(remaining=len(rest) - len(part), returned=len(part))
        return SensorAxisDescriptionGetResponse(which, tuple(self._axis(agent, *each) for each in part))

    def _axis(self, agent: int, number: int, axis: SensorAxis) -> SensorAxisDescriptor:
        measure = axis.measure
        extended_name = axis.name != short_name(axis.name) and self.form_of(agent) >= 0x30000
        low = AxisAttributesLow.of(extended_name=extended_name, extended_attributes=True)
        high = AxisAttributesHigh.of(type=measure.kind, exponent=measure.exponent)
        return SensorAxisDescriptor(number, low, high, short_name(axis.name), _range(measure))

    def _axis_names(self, agent: int, request: SensorAxisNameGetRequest) -> Answer:
        rest = [
            SensorAxisName(number, axis.name)
            for number, axis in enumerate(self.sensors[request.sensor_id].axes)
            if axis.name != short_name(axis.name)
        ][request.axis_desc_index :]
        if not rest:
            return Status.INVALID_PARAMETERS if self.sensors[request.sensor_id].axes else Status.NOT_SUPPORTED
        part = rest[: (self.profile.max_response - 8) // _AXIS_NAME_SIZE]
        which = NumAxisFlags.of(remaining=len(rest) - len(part), returned=len(part))
        return SensorAxisNameGetResponse(which, tuple(part))

    def _intervals(self, agent: int, request: SensorListUpdateIntervalsRequest) -> Answer:
        sensor = self.sensors[request.sensor_id]
        if not sensor.intervals:
            return Status.NOT_SUPPORTED
        if request.index >= (1 if sensor.interval_range else len(sensor.intervals)):
            return Status.INVALID_PARAMETERS
        rest = sensor.intervals[request.index :]
        part = rest[: (self.profile.max_response - 8) // 4]
        which = UpdateIntervalsFlags.of(
            remaining=len(rest) - len(part),
            returned=len(part),
            format=IntervalFormat.RANGE if sensor.interval_range else IntervalFormat.LIST,
        )
        return SensorListUpdateIntervalsResponse(
            which, tuple(seconds << 5 | (exponent & 31) for seconds, exponent in part)
        )

    # Readings

    def _readings(self, number: int) -> tuple[SensorReading, ...]:
        setting = self.settings[number]
        return tuple(SensorReading(value, self.now if setting.timestamps else 0) for value in setting.values)

    def _read(self, agent: int, request: SensorReadingGetRequest) -> Answer:
        number = request.sensor_id
        if request.flags.asynchronous and (refusal := self.refusal_to_defer(agent)) is not None:
            return refusal
        if not self.settings[number].enabled:
            return self.status("disabled_sensor")
        is_late = request.flags.asynchronous and self.defers(agent)
        if self.form_of(agent) < _V2:
            value = self.settings[number].values[0]
            if is_late:
                self.reply_later(agent, SensorReadingCompleteV1(number, value))
                return SensorReadingGetResponseV1(0)
            return SensorReadingGetResponseV1(value)
        readings = self._readings(number)[: (self.profile.max_response - 4) // _READING_SIZE]
        if is_late:
            self.reply_later(agent, SensorReadingComplete(number, readings))
            return SensorReadingGetResponse(())
        return SensorReadingGetResponse(readings)

    def set_value(self, number: int, *values: int) -> None:
        """Let a sensor read these values, one for each axis, and send the notifications that follow."""
        setting = self.settings[number]
        before, setting.values = setting.values[0], list(values)
        if not setting.enabled:
            return
        for point, (limit, direction) in sorted(setting.trips.items()):
            rising, falling = before < limit <= values[0], before >= limit > values[0]
            if (rising and direction & TripDirection.RISING) or (falling and direction & TripDirection.FALLING):
                which = TripPointDescription.of(trip_point_id=point, rising=rising)
                self.notify(TRIP_POINT, number, SensorTripPointEvent(PLATFORM, number, which))
        self.notify(UPDATE, number, SensorUpdate(PLATFORM, number, self._readings(number)))

    # Configuration

    def _config_get(self, agent: int, request: SensorConfigGetRequest) -> Answer:
        setting = self.settings[request.sensor_id]
        seconds, exponent = setting.interval
        return SensorConfigGetResponse(
            SensorConfig.of(
                enabled=setting.enabled,
                timestamps=setting.timestamps,
                update_interval=seconds,
                update_exponent=exponent,
            )
        )

    def _config_set(self, agent: int, request: SensorConfigSetRequest) -> Answer:
        sensor, setting, wanted = (
            self.sensors[request.sensor_id],
            self.settings[request.sensor_id],
            request.sensor_config,
        )
        interval = (wanted.update_interval, wanted.update_exponent)
        if wanted.timestamps and not sensor.timestamps:
            return Status.NOT_SUPPORTED
        if wanted.update_interval and not sensor.intervals:
            return Status.NOT_SUPPORTED
        if wanted.update_interval and not sensor.interval_range and interval not in sensor.intervals:
            return Status.INVALID_PARAMETERS
        setting.enabled, setting.timestamps = wanted.enable, wanted.timestamps
        if wanted.update_interval:
            setting.interval = interval
        return SensorConfigSetResponse()

    # Trip points and notifications

    def _trip_config(self, agent: int, request: SensorTripPointConfigRequest) -> Answer:
        control = request.trip_point_ev_ctrl
        if control.trip_point_id >= self.sensors[request.sensor_id].trip_points:
            return Status.INVALID_PARAMETERS
        trips = self.settings[request.sensor_id].trips
        trips.pop(control.trip_point_id, None)
        if control.event_control != TripDirection.DISABLED:
            trips[control.trip_point_id] = (request.trip_point_val, control.event_control)
        return SensorTripPointConfigResponse()

    def _notify_trips(self, agent: int, request: SensorTripPointNotifyRequest) -> Answer:
        self.subscribe(agent, TRIP_POINT, request.sensor_id, enable=request.sensor_event_control.notify)
        return SensorTripPointNotifyResponse()

    def _notify_updates(self, agent: int, request: SensorContinuousUpdateNotifyRequest) -> Answer:
        self.subscribe(agent, UPDATE, request.sensor_id, enable=request.notify_enable.enable)
        return SensorContinuousUpdateNotifyResponse()


def _boot_setting(sensor: Sensor) -> SensorSetting:
    return SensorSetting(
        enabled=sensor.enabled,
        timestamps=False,
        interval=sensor.intervals[0] if sensor.intervals else (0, 0),
        values=[axis.value for axis in sensor.axes] or [sensor.value],
        trips={},
    )


def _range(measure: Measure) -> SensorRange:
    resolution = Resolution.of(value=measure.resolution, exponent=measure.resolution_exponent)
    return SensorRange(resolution, measure.lowest, measure.highest)
