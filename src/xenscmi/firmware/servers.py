"""The servers of a platform, each loaded where the platform has resources of its protocol: most have few of them."""

from __future__ import annotations

from collections.abc import Callable

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import Profile
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
    Platform,
)
from xenscmi.firmware.server import Server


def make_servers(profile: Profile, permissions: Permissions, platform: Platform) -> dict[int, Server]:
    """Make a server for each protocol, but the base protocol, of which the platform has resources."""
    makers: tuple[tuple[int, object, Callable[[Profile, Permissions, Platform], Server]], ...] = (
        (POWER_DOMAIN, platform.power_domains, _power_domains),
        (SYSTEM_POWER, platform.system_power, _system_power),
        (PERFORMANCE, platform.performance, _performance),
        (CLOCK, platform.clocks, _clocks),
        (SENSOR, platform.sensors, _sensors),
        (RESET, platform.resets, _resets),
        (VOLTAGE, platform.voltages, _voltages),
        (POWER_CAPPING, platform.power_caps, _power_caps),
        (PIN_CONTROL, platform.pins, _pins),
    )
    return {protocol: make(profile, permissions, platform) for protocol, resources, make in makers if resources}


def _power_domains(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.power_domain import PowerDomainServer

    return PowerDomainServer(profile, permissions, platform.power_domains)


def _system_power(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.system_power import SystemPowerServer

    return SystemPowerServer(profile, permissions)


def _performance(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.performance import PerformanceServer

    return PerformanceServer(profile, permissions, platform.performance)


def _clocks(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.clock import ClockServer

    return ClockServer(profile, permissions, platform.clocks)


def _sensors(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.sensor import SensorServer

    return SensorServer(profile, permissions, platform.sensors)


def _resets(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.reset import ResetServer

    return ResetServer(profile, permissions, platform.resets)


def _voltages(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.voltage import VoltageServer

    return VoltageServer(profile, permissions, platform.voltages)


def _power_caps(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.power_capping import PowerCappingServer

    return PowerCappingServer(profile, permissions, platform.power_caps)


def _pins(profile: Profile, permissions: Permissions, platform: Platform) -> Server:
    from xenscmi.firmware.pin_control import PinControlServer

    return PinControlServer(profile, permissions, platform)
