"""The server of the sensor protocol, 0x15 (DEN0056 4.7): sensors without axes, trip points or updates."""

from __future__ import annotations

from collections.abc import Sequence

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Sensor
from xenscmi.firmware.server import Answer, Handler, Server, State, short_name
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.sensor import (
    PROTOCOL,
    SensorConfigGetRequest,
    SensorConfigGetResponse,
    SensorConfigSetRequest,
    SensorConfigSetResponse,
    SensorDescriptionGetRequest,
    SensorDescriptionGetResponse,
    SensorDescriptionGetResponseV1,
    SensorNameGetRequest,
    SensorNameGetResponse,
    SensorProtocolAttributesResponse,
    SensorReadingGetRequest,
    SensorReadingGetResponse,
    SensorReadingGetResponseV1,
)
from xenscmi.scmi.protocols.sensor_parts import (
    NumSensorFlags,
    SensorAttributesHigh,
    SensorAttributesHighV1,
    SensorAttributesLow,
    SensorAttributesLowV1,
    SensorConfig,
    SensorDescriptor,
    SensorDescriptorV1,
    SensorProtocolAttributes,
    SensorReading,
)
from xenscmi.scmi.status import Status

_V2 = 0x20000
_DESCRIPTOR_SIZE = 28


class SensorServer(Server):
    """Sensors; `enabled` says which of them work, by sensor id. Everybody may know which sensors there are."""

    protocol = PROTOCOL

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, sensors: Sequence[Sensor]) -> None:
        self.sensors = sensors
        self.enabled = [True] * len(sensors)
        super().__init__(profile, permissions, len(sensors))

    def attributes(self, agent: int) -> Response:
        return SensorProtocolAttributesResponse(SensorProtocolAttributes.of(sensors=self.count), 0, 0)

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(SensorDescriptionGetRequest, self._describe),
            self.row(SensorReadingGetRequest, self._read, "sensor_id"),
            self.row(SensorConfigGetRequest, self._config_get, "sensor_id"),
            self.row(SensorConfigSetRequest, self._config_set, "sensor_id"),
            self.row(SensorNameGetRequest, self._name, "sensor_id"),
        )

    def state(self) -> State:
        return [[enabled] for enabled in self.enabled]

    def restore(self, state: State) -> None:
        self.enabled = [bool(enabled) for (enabled,) in state]

    def reset(self, resources: frozenset[int]) -> None:
        for number in resources:
            self.enabled[number] = True

    def _describe(self, agent: int, request: SensorDescriptionGetRequest) -> Answer:
        if request.desc_index >= self.count:
            return Status.INVALID_PARAMETERS
        end = request.desc_index + (self.profile.max_response - 8) // _DESCRIPTOR_SIZE
        part = range(self.count)[request.desc_index : end]
        which = NumSensorFlags.of(remaining=self.count - part.stop, returned=len(part))
        if self.version < _V2:
            return SensorDescriptionGetResponseV1(which, tuple(self._descriptor_v1(number) for number in part))
        return SensorDescriptionGetResponse(which, tuple(self._descriptor(number) for number in part))

    def _descriptor(self, number: int) -> SensorDescriptor:
        sensor = self.sensors[number]
        low = SensorAttributesLow.of(extended_name=sensor.name != short_name(sensor.name))
        high = SensorAttributesHigh.of(type=sensor.kind, exponent=sensor.exponent)
        return SensorDescriptor(number, low, high, short_name(sensor.name), None, None)

    def _descriptor_v1(self, number: int) -> SensorDescriptorV1:
        sensor = self.sensors[number]
        high = SensorAttributesHighV1.of(type=sensor.kind, exponent=sensor.exponent)
        return SensorDescriptorV1(number, SensorAttributesLowV1(0), high, short_name(sensor.name))

    def _read(self, agent: int, request: SensorReadingGetRequest) -> Answer:
        if request.flags.asynchronous or not self.enabled[request.sensor_id]:
            return Status.NOT_SUPPORTED
        value = self.sensors[request.sensor_id].value
        if self.version < _V2:
            return SensorReadingGetResponseV1(value)
        return SensorReadingGetResponse((SensorReading(value, 0),))

    def _config_get(self, agent: int, request: SensorConfigGetRequest) -> Answer:
        return SensorConfigGetResponse(SensorConfig.of(enabled=self.enabled[request.sensor_id]))

    def _config_set(self, agent: int, request: SensorConfigSetRequest) -> Answer:
        wanted = request.sensor_config
        if wanted.timestamps or wanted.update_interval:
            return Status.NOT_SUPPORTED
        self.enabled[request.sensor_id] = wanted.enable
        return SensorConfigSetResponse()

    def _name(self, agent: int, request: SensorNameGetRequest) -> Answer:
        return SensorNameGetResponse(Reserved(0), self.sensors[request.sensor_id].name)
