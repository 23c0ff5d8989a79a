"""The servers of a platform; each module is loaded only if the platform has resources of its protocol."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from xenscmi.firmware.resources import resource_ids
from xenscmi.firmware.server import Context, Server
from xenscmi.scmi.header import ProtocolId

_CLASSES = {
    ProtocolId.POWER_DOMAIN: "PowerDomainServer",
    ProtocolId.SYSTEM_POWER: "SystemPowerServer",
    ProtocolId.PERFORMANCE: "PerformanceServer",
    ProtocolId.CLOCK: "ClockServer",
    ProtocolId.SENSOR: "SensorServer",
    ProtocolId.RESET: "ResetServer",
    ProtocolId.VOLTAGE: "VoltageServer",
    ProtocolId.POWER_CAPPING: "PowerCappingServer",
    ProtocolId.PIN_CONTROL: "PinControlServer",
}


def server_class(protocol: ProtocolId) -> type[Server]:
    """Return the server class of a protocol; it stands in the module that has the protocol's name."""
    found = getattr(import_module(f"xenscmi.firmware.{protocol.name.lower()}"), _CLASSES[protocol])
    assert isinstance(found, type)
    assert issubclass(found, Server)
    return found


def make_servers(context: Context) -> dict[int, Server]:
    """Make a server for each protocol, except base, that the profile has and the platform has resources of."""
    ids = resource_ids(context.platform)
    return {
        protocol: cast("Callable[[Context], Server]", server_class(protocol))(context)
        for protocol in _CLASSES
        if protocol in ids and context.profile.has(protocol)
    }
