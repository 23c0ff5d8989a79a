"""What an agent sends to find out whether it may use a resource: for each protocol, a command that leaves it usable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi.firmware.resources import (
    CLOCK,
    PERFORMANCE,
    PIN_CONTROL,
    POWER_CAPPING,
    POWER_DOMAIN,
    RESET,
    SENSOR,
    SYSTEM_POWER,
    VOLTAGE,
    pin_of,
)
from xenscmi.scmi.message import Request
from xenscmi.scmi.protocols.clock import (
    ClockConfig,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigV1,
    ClockState,
)
from xenscmi.scmi.protocols.performance import PerformanceLevelGetRequest
from xenscmi.scmi.protocols.pin_control import (
    ConfigFlag,
    PinctrlSettingsGetRequest,
    Selector,
    SettingsGetAttributes,
)
from xenscmi.scmi.protocols.power_capping import PowercapCapGetRequest
from xenscmi.scmi.protocols.power_domain import POWER_ON, PowerStateSetFlags, PowerStateSetRequest
from xenscmi.scmi.protocols.reset import ResetFlags, ResetRequest, ResetState
from xenscmi.scmi.protocols.sensor import SensorReadingGetRequest
from xenscmi.scmi.protocols.sensor_parts import SensorReadingFlags
from xenscmi.scmi.protocols.system_power import SystemPowerFlags, SystemPowerStateSetRequest, SystemState
from xenscmi.scmi.protocols.voltage import VoltageLevelGetRequest

_CLOCK_V3 = 0x30000


def _clock_on(clock: int, version: int) -> Request:
    if version < _CLOCK_V3:
        return ClockConfigSetRequestV1(clock, ClockConfigV1.of(enable=True))
    return ClockConfigSetRequest(clock, ClockConfig.of(state=ClockState.ENABLE), 0)


def _pin_function(resource: int, _: int) -> Request:
    identifier, group = pin_of(resource)
    selector = Selector.GROUP if group else Selector.PIN
    return PinctrlSettingsGetRequest(
        identifier, SettingsGetAttributes.of(config_flag=ConfigFlag.FUNCTION_ONLY, selector=selector)
    )


ATTEMPTS: Mapping[int, Callable[[int, int], Request]] = {
    POWER_DOMAIN: lambda domain, _: PowerStateSetRequest(PowerStateSetFlags(0), domain, POWER_ON),
    SYSTEM_POWER: lambda *_: SystemPowerStateSetRequest(SystemPowerFlags(0), SystemState.POWER_UP),
    PERFORMANCE: lambda domain, _: PerformanceLevelGetRequest(domain),
    CLOCK: _clock_on,
    SENSOR: lambda sensor, _: SensorReadingGetRequest(sensor, SensorReadingFlags(0)),
    RESET: lambda domain, _: ResetRequest(domain, ResetFlags.of(autonomous=True), ResetState(0)),
    VOLTAGE: lambda domain, _: VoltageLevelGetRequest(domain),
    POWER_CAPPING: lambda domain, _: PowercapCapGetRequest(domain),
    PIN_CONTROL: _pin_function,
}
"""Protocol id → the request for a resource, as of a version of the protocol."""
