"""The servers of a platform, each loaded where the platform has resources of its protocol: most have few of them."""

from __future__ import annotations

from collections.abc import Callable

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Platform
from xenscmi.firmware.server import Server
from xenscmi.scmi.header import ProtocolId


def make_servers(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> dict[int, Server]:
    """Make a server for each protocol, but the base protocol, of which the platform has resources."""
    makers: tuple[tuple[int, object, Callable[[FirmwareProfile, Permissions, Platform], Server]], ...] = (
        (ProtocolId.POWER_DOMAIN, platform.power_domains, _power_domains),
        (ProtocolId.SYSTEM_POWER, platform.system_power, _system_power),
        (ProtocolId.PERFORMANCE, platform.performance, _performance),
        (ProtocolId.CLOCK, platform.clocks, _clocks),
        (ProtocolId.SENSOR, platform.sensors, _sensors),
        (ProtocolId.RESET, platform.resets, _resets),
        (ProtocolId.VOLTAGE, platform.voltages, _voltages),
        (ProtocolId.POWER_CAPPING, platform.power_caps, _power_caps),
        (ProtocolId.PIN_CONTROL, platform.pins, _pins),
    )
    return {protocol: make(profile, permissions, platform) for protocol, resources, make in makers if resources}


def _power_domains(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.power_domain import PowerDomainServer

    return PowerDomainServer(profile, permissions, platform.power_domains)


def _system_power(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.system_power import SystemPowerServer

    return SystemPowerServer(profile, permissions)


def _performance(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.performance import PerformanceServer

    return PerformanceServer(profile, permissions, platform.performance)


def _clocks(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.clock import ClockServer

    return ClockServer(profile, permissions, platform.clocks)


def _sensors(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.sensor import SensorServer

    return SensorServer(profile, permissions, platform.sensors)


def _resets(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.reset import ResetServer

    return ResetServer(profile, permissions, platform.resets)


def _voltages(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.voltage import VoltageServer

    return VoltageServer(profile, permissions, platform.voltages)


def _power_caps(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.power_capping import PowerCappingServer

    return PowerCappingServer(profile, permissions, platform.power_caps)


def _pins(profile: FirmwareProfile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.pin_control import PinControlServer

    return PinControlServer(profile, permissions, platform)
