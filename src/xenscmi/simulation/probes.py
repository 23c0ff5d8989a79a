"""What an agent sends to find out whether it may use a resource: for each protocol, a harmless command.

The platform itself may forbid that command to everybody, or to an agent that may use the resource otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi.firmware.firmware import Firmware
from xenscmi.firmware.resources import POWER_UP, by_id, pin_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal, Request
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


ATTEMPTS: Mapping[int, Callable[[int, int], Request]] = {
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


def is_open_to(firmware: Firmware, agent: int, protocol: int, number: int) -> bool:
    """Return whether the platform lets an agent that may use a resource carry the command out."""
    if protocol != ProtocolId.CLOCK:
        return True
    allowed = by_id(firmware.platform.clocks)[number].state_agents
    return allowed is None or agent in allowed


def is_reached(firmware: Firmware, protocol: int, number: int, answer: object) -> bool:
    """Return whether an answer shows that the agent may use the resource: what is switched off was reached, too."""
    if not isinstance(answer, Refusal):
        return True
    platform, profile = firmware.platform, firmware.profile
    if protocol == ProtocolId.SENSOR and not by_id(platform.sensors)[number].enabled:
        off = profile.status("disabled_sensor", protocol, "SENSOR_READING_GET")
    elif protocol == ProtocolId.SYSTEM_POWER and POWER_UP not in platform.system_states:
        off = Status.NOT_SUPPORTED
    else:
        return False
    return answer.status == off != profile.status("no_permission", protocol)
