"""What an agent sends to find out whether it may use a resource: for each protocol, a command that leaves it usable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi.firmware.resources import CLOCK, POWER_DOMAIN, RESET
from xenscmi.scmi.message import Request
from xenscmi.scmi.protocols.clock import (
    ClockConfig,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigV1,
    ClockState,
)
from xenscmi.scmi.protocols.power_domain import POWER_ON, PowerStateSetFlags, PowerStateSetRequest
from xenscmi.scmi.protocols.reset import ResetFlags, ResetRequest, ResetState

_CLOCK_V3 = 0x30000


def _clock_on(clock: int, version: int) -> Request:
    if version < _CLOCK_V3:
        return ClockConfigSetRequestV1(clock, ClockConfigV1.of(enable=True))
    return ClockConfigSetRequest(clock, ClockConfig.of(state=ClockState.ENABLE), 0)


ATTEMPTS: Mapping[int, Callable[[int, int], Request]] = {
    POWER_DOMAIN: lambda domain, _: PowerStateSetRequest(PowerStateSetFlags(0), domain, POWER_ON),
    CLOCK: _clock_on,
    RESET: lambda domain, _: ResetRequest(domain, ResetFlags.of(autonomous=True), ResetState(0)),
}
"""Protocol id → the request for a resource, as of a version of the protocol."""
