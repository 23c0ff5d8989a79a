"""What an agent sends to find out whether it may use a resource: for each protocol, a harmless command.

The platform itself may forbid that command to everybody, or to an agent that may use the resource otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xenscmi.firmware.firmware import Firmware
from xenscmi.firmware.resources import POWER_UP, by_id, pin_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Refusal, Request, Response
from xenscmi.scmi.protocols.clock import (
    ClockConfig,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigV1,
    ClockState,
)
from xenscmi.scmi.protocols.performance import PerformanceLevelGetRequest
from xenscmi.scmi.protocols.pin_control import (
    PinctrlSettingsConfigureRequest,
    Selector,
    SettingsConfigureAttributes,
)
from xenscmi.scmi.protocols.power_capping import PowercapMeasurementsGetRequest
from xenscmi.scmi.protocols.power_domain import POWER_ON, PowerStateSetFlags, PowerStateSetRequest
from xenscmi.scmi.protocols.reset import ResetFlags, ResetRequest, ResetState
from xenscmi.scmi.protocols.sensor import SensorReadingGetRequest
from xenscmi.scmi.protocols.sensor_parts import SensorReadingFlags
from xenscmi.scmi.protocols.system_power import SystemPowerFlags, SystemPowerStateSetRequest, SystemState
from xenscmi.scmi.protocols.voltage import VoltageLevelGetRequest
from xenscmi.scmi.status import Status

_CLOCK_V3 = 0x30000


def _clock_on(clock: int, version: int) -> Request:
    if version < _CLOCK_V3:
        return ClockConfigSetRequestV1(clock, ClockConfigV1.of(enable=True))
    return ClockConfigSetRequest(clock, ClockConfig.of(state=ClockState.ENABLE), 0)


def _pin_settings(resource: int, _: int) -> Request:
    identifier, group = pin_of(resource)
    selector = Selector.GROUP if group else Selector.PIN
    return PinctrlSettingsConfigureRequest(identifier, 0, SettingsConfigureAttributes.of(selector=selector), ())


_ATTEMPTS: Mapping[int, Callable[[int, int], Request]] = {
    ProtocolId.POWER_DOMAIN: lambda domain, _: PowerStateSetRequest(PowerStateSetFlags(0), domain, POWER_ON),
    ProtocolId.SYSTEM_POWER: lambda *_: SystemPowerStateSetRequest(SystemPowerFlags(0), SystemState.POWER_UP),
    ProtocolId.PERFORMANCE: lambda domain, _: PerformanceLevelGetRequest(domain),
    ProtocolId.CLOCK: _clock_on,
    ProtocolId.SENSOR: lambda sensor, _: SensorReadingGetRequest(sensor, SensorReadingFlags(0)),
    ProtocolId.RESET: lambda domain, _: ResetRequest(domain, ResetFlags.of(autonomous=True), ResetState(0)),
    ProtocolId.VOLTAGE: lambda domain, _: VoltageLevelGetRequest(domain),
    ProtocolId.POWER_CAPPING: lambda domain, _: PowercapMeasurementsGetRequest(domain),
    ProtocolId.PIN_CONTROL: _pin_settings,
}
"""Protocol id → the request that tries a resource, given the resource and the version of the protocol."""


def can_be_tried(protocol: int) -> bool:
    """Return whether there is a harmless command for resources of a protocol."""
    return protocol in _ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The message that tries a resource.

    `open_to` are the agents that the platform lets carry it out, None if it lets all that may use the resource. `off`
    is the status that shows, too, that an agent may use the resource: what is switched off was reached.
    """

    command: Command
    payload: bytes
    open_to: frozenset[int] | None = None
    off: Status | None = None

    def is_reached(self, answer: Response | Refusal) -> bool:
        """Return whether an answer shows that the agent may use the resource."""
        return not isinstance(answer, Refusal) or (self.off is not None and answer.status == self.off)


class Probes:
    """The probes of a firmware's resources; each is made once, and sent by many agents."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._clocks, self._sensors = by_id(firmware.platform.clocks), by_id(firmware.platform.sensors)
        self._known: dict[tuple[int, int], Probe | None] = {}

    def __call__(self, protocol: int, number: int) -> Probe | None:
        """Return how to try a resource; None if the firmware does not have the protocol, or nothing to try."""
        key = protocol, number
        if key not in self._known:
            self._known[key] = self._make(protocol, number)
        return self._known[key]

    def _make(self, protocol: int, number: int) -> Probe | None:
        server, attempt = self._firmware.servers.get(protocol), _ATTEMPTS.get(protocol)
        if server is None or attempt is None:
            return None
        request = attempt(number, server.version)
        commands = server.protocol.commands_of(server.version).values()
        clock = self._clocks.get(number) if protocol == ProtocolId.CLOCK else None
        return Probe(
            command=next(command for command in commands if command.request is type(request)),
            payload=request.encode(),
            open_to=None if clock is None else clock.state_agents,
            off=self._off(protocol, number),
        )

    def _off(self, protocol: int, number: int) -> Status | None:
        profile, off = self._firmware.profile, None
        sensor = self._sensors.get(number) if protocol == ProtocolId.SENSOR else None
        if sensor is not None and not sensor.enabled:
            off = profile.status("disabled_sensor", protocol, "SENSOR_READING_GET")
        elif protocol == ProtocolId.SYSTEM_POWER and POWER_UP not in self._firmware.platform.system_states:
            off = Status.NOT_SUPPORTED
        return None if off == profile.status("no_permission", protocol) else off
