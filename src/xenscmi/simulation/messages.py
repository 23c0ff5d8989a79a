"""Every message that an agent can send, with arguments that are legal for the resource that it names.

A row says what the specification protects the message by, so that the firmware's own table is held against a second
one. Where a resource can be changed, the arguments change it: a refused message that has an effect is then seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from xenscmi.firmware.resources import (
    POWER_UP,
    Clock,
    PerformanceDomain,
    PowerCapDomain,
    Sensor,
    VoltageDomain,
    pin_of,
)
from xenscmi.scmi.protocols.base import OWN_AGENT_ID
from xenscmi.scmi.protocols.voltage import VOLTAGE_OFF, VOLTAGE_ON
from xenscmi.scmi.status import Status

LEVEL_INDEXES_SINCE = 0x40000
_LEVEL_SET, _CAP_SET = 0x7, 0x5
_PLAIN_NAME = 15  # bytes: a longer name is an extended one


class Protection(Enum):
    """Who may send a message: the words are those of the evidence."""

    OPEN = "every agent"
    READ = "agents that may use the resource; all, where the firmware's profile opens reads"
    CHANGE = "agents that may use the resource"
    TRUSTED = "trusted agents"


Reason = Status | str
"""A status, or a situation for which the firmware's profile has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message.

    `fields` gives the arguments beside the resource's id, as `compose` reads them, for a resource and a version of the
    protocol. `lacks` returns how the platform answers an agent that may send it, where the resource lacks what the
    message is about. `kept_to` returns the agents to which the platform keeps the message; None: all that may use the
    resource. `notifies`: only agents with a page for notifications have it. `about` says whose ids the message is tried
    with, "" for a message that is about none. `names_sender`: its first field is the sender's own id.
    """

    protection: Protection = Protection.READ
    fields: Callable[[Any, int], Sequence[str]] = lambda *_: ()
    lacks: Callable[[Any], Reason | None] = lambda _: None
    kept_to: Callable[[Any], frozenset[int] | None] = lambda _: None
    notifies: bool = False
    about: str = "resource"
    names_sender: bool = False


def _unless(has: Callable[[Any], object], reason: Reason = Status.NOT_SUPPORTED) -> Callable[[Any], Reason | None]:
    """Return what a resource answers that lacks something."""
    return lambda resource: None if has(resource) else reason


def _other_rate(clock: Clock) -> int:
    """Return a rate that the clock can have, another one than at boot if there is one."""
    at_boot = clock.rates[0] if clock.rate is None else clock.rate
    return next((rate for rate in reversed(clock.rates) if rate != at_boot), at_boot)


def _clock_state(clock: Clock, version: int) -> Sequence[str]:
    on = clock.always_on or not clock.enabled
    if version < 0x30000:
        return (f"attributes.enable={int(on)}",)
    return (f"attributes.state={'enable' if on else 'disable'}",)


def _limits(domain: PerformanceDomain, version: int) -> Sequence[str]:
    """Return the whole range: the limits of boot, within which every level can be set."""
    if domain.level_indexing and version >= LEVEL_INDEXES_SINCE:
        return (f"range_max={len(domain.levels) - 1}", "range_min=0")
    return (f"range_max={domain.levels[-1].level}", f"range_min={domain.levels[0].level}")


def _level(domain: PerformanceDomain, version: int) -> Sequence[str]:
    levels = [each.level for each in domain.levels]
    index = next((at for at in reversed(range(len(levels))) if levels[at] != domain.level), 0)
    indexed = domain.level_indexing and version >= LEVEL_INDEXES_SINCE
    return (f"performance_level={index if indexed else levels[index]}",)


def _voltage(domain: VoltageDomain, _: int) -> Sequence[str]:
    return (f"voltage_level={next((each for each in domain.levels if each != domain.level), domain.level)}",)


def _cap(domain: PowerCapDomain, _: int) -> Sequence[str]:
    return (f"power_cap={domain.minimum}",)


def _interval(domain: PowerCapDomain, _: int) -> Sequence[str]:
    longer = domain.interval + domain.interval_step
    return (f"pai={longer if domain.interval_maximum and longer <= domain.interval_maximum else domain.interval}",)


def _sensor_config(sensor: Sensor, _: int) -> Sequence[str]:
    """Switch time stamps on; whether the sensor is enabled stays."""
    return (f"sensor_config.enable={int(sensor.enabled)}", f"sensor_config.timestamps={int(sensor.timestamps)}")


def _axis_names(sensor: Sensor) -> Reason | None:
    if not sensor.axes:
        return Status.NOT_SUPPORTED
    extended = any(len(axis.name.encode()) > _PLAIN_NAME for axis in sensor.axes)
    return None if extended else Status.INVALID_PARAMETERS


def _pin(field: str) -> Callable[[int, int], Sequence[str]]:
    return lambda resource, _: (f"{field}.selector={'group' if pin_of(resource)[1] else 'pin'}",)


_OPEN, _READ, _CHANGE, _TRUSTED = Protection
_ENABLE = ("notify_enable.enable=1",)
_PLAIN = MessageRow()
_FACT = MessageRow(protection=_OPEN, about="")
_ANYBODY = MessageRow(protection=_OPEN)
_NOTIFY = MessageRow(protection=_CHANGE, fields=lambda *_: _ENABLE, notifies=True)

MESSAGES: Mapping[str, MessageRow] = {
    # Every protocol
    "PROTOCOL_VERSION": _FACT,
    "PROTOCOL_ATTRIBUTES": _FACT,
    "PROTOCOL_MESSAGE_ATTRIBUTES": _FACT,
    "NEGOTIATE_PROTOCOL_VERSION": MessageRow(
        protection=_OPEN,
        about="",
        fields=lambda announced, _: (f"version.major={announced >> 16}", f"version.minor={announced & 0xFFFF}"),
    ),
    # Base
    "BASE_DISCOVER_VENDOR": _FACT,
    "BASE_DISCOVER_SUB_VENDOR": _FACT,
    "BASE_DISCOVER_IMPLEMENTATION_VERSION": _FACT,
    "BASE_DISCOVER_LIST_PROTOCOLS": _FACT,
    "BASE_DISCOVER_AGENT": MessageRow(
        protection=_OPEN, about="", fields=lambda _, version: (f"agent_id={OWN_AGENT_ID if version >= 0x20000 else 0}",)
    ),
    "BASE_NOTIFY_ERRORS": MessageRow(protection=_OPEN, about="", fields=lambda *_: _ENABLE, notifies=True),
    "BASE_SET_DEVICE_PERMISSIONS": MessageRow(
        protection=_TRUSTED, about="device", fields=lambda *_: ("flags.allow=1",), names_sender=True
    ),
    "BASE_SET_PROTOCOL_PERMISSIONS": MessageRow(
        protection=_TRUSTED,
        about="device",
        fields=lambda protocol, _: (f"command_id={protocol}", "flags.allow=1"),
        names_sender=True,
    ),
    "BASE_RESET_AGENT_CONFIGURATION": MessageRow(
        protection=_TRUSTED, about="agent", fields=lambda *_: ("flags.reset_permissions=1",)
    ),
    # Power domains
    "POWER_DOMAIN_ATTRIBUTES": _PLAIN,
    "POWER_STATE_SET": MessageRow(
        protection=_CHANGE, fields=lambda domain, _: (f"power_state.type={'lost' if domain.on else 'preserved'}",)
    ),
    "POWER_STATE_GET": _PLAIN,
    "POWER_STATE_NOTIFY": _NOTIFY,
    "POWER_STATE_CHANGE_REQUESTED_NOTIFY": _NOTIFY,
    "POWER_DOMAIN_NAME_GET": _PLAIN,
    # System power
    "SYSTEM_POWER_STATE_SET": MessageRow(
        protection=_CHANGE,
        fields=lambda states, _: (f"system_state={min(states - {POWER_UP}, default=POWER_UP)}",),
        lacks=_unless(bool),
    ),
    "SYSTEM_POWER_STATE_GET": _ANYBODY,
    "SYSTEM_POWER_STATE_NOTIFY": MessageRow(protection=_OPEN, fields=lambda *_: _ENABLE, notifies=True),
    # Performance
    "PERFORMANCE_DOMAIN_ATTRIBUTES": _PLAIN,
    "PERFORMANCE_DESCRIBE_LEVELS": _PLAIN,
    "PERFORMANCE_LIMITS_SET": MessageRow(
        protection=_CHANGE, fields=_limits, lacks=_unless(lambda domain: domain.can_set_limits)
    ),
    "PERFORMANCE_LIMITS_GET": _PLAIN,
    "PERFORMANCE_LEVEL_SET": MessageRow(
        protection=_CHANGE, fields=_level, lacks=_unless(lambda domain: domain.can_set_level)
    ),
    "PERFORMANCE_LEVEL_GET": _PLAIN,
    "PERFORMANCE_NOTIFY_LIMITS": _NOTIFY,
    "PERFORMANCE_NOTIFY_LEVEL": _NOTIFY,
    "PERFORMANCE_DESCRIBE_FASTCHANNEL": MessageRow(
        fields=lambda domain, _: (f"message_id={min(domain.fast_channels, default=_LEVEL_SET)}",),
        lacks=_unless(lambda domain: domain.fast_channels),
    ),
    "PERFORMANCE_DOMAIN_NAME_GET": _PLAIN,
    # Clocks
    "CLOCK_ATTRIBUTES": _PLAIN,
    "CLOCK_DESCRIBE_RATES": _PLAIN,
    "CLOCK_RATE_SET": MessageRow(
        protection=_CHANGE,
        fields=lambda clock, _: (f"rate={_other_rate(clock)}",),
        kept_to=lambda clock: clock.rate_agents,
    ),
    "CLOCK_RATE_GET": _PLAIN,
    "CLOCK_CONFIG_SET": MessageRow(protection=_CHANGE, fields=_clock_state, kept_to=lambda clock: clock.state_agents),
    "CLOCK_NAME_GET": _PLAIN,
    "CLOCK_RATE_NOTIFY": _NOTIFY,
    "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY": _NOTIFY,
    "CLOCK_CONFIG_GET": _PLAIN,
    "CLOCK_POSSIBLE_PARENTS_GET": MessageRow(lacks=_unless(lambda clock: clock.parents)),
    "CLOCK_PARENT_SET": MessageRow(
        protection=_CHANGE,
        fields=lambda clock, _: (f"parent_id={clock.parents[-1]}",) if clock.parents else (),
        lacks=_unless(lambda clock: clock.parents),
        kept_to=lambda clock: clock.parent_agents,
    ),
    "CLOCK_PARENT_GET": MessageRow(lacks=_unless(lambda clock: clock.parents)),
    "CLOCK_GET_PERMISSIONS": _PLAIN,
    # Sensors
    "SENSOR_DESCRIPTION_GET": _FACT,
    "SENSOR_TRIP_POINT_NOTIFY": MessageRow(
        protection=_CHANGE, fields=lambda *_: ("sensor_event_control.notify=1",), notifies=True
    ),
    "SENSOR_TRIP_POINT_CONFIG": MessageRow(
        protection=_CHANGE,
        fields=lambda *_: ("trip_point_ev_ctrl.event_control=both", "trip_point_val=1"),
        lacks=_unless(lambda sensor: sensor.trip_points, Status.INVALID_PARAMETERS),
    ),
    "SENSOR_READING_GET": MessageRow(lacks=_unless(lambda sensor: sensor.enabled, "disabled_sensor")),
    "SENSOR_AXIS_DESCRIPTION_GET": MessageRow(protection=_OPEN, lacks=_unless(lambda sensor: sensor.axes)),
    "SENSOR_LIST_UPDATE_INTERVALS": MessageRow(protection=_OPEN, lacks=_unless(lambda sensor: sensor.intervals)),
    "SENSOR_CONFIG_GET": _PLAIN,
    "SENSOR_CONFIG_SET": MessageRow(protection=_CHANGE, fields=_sensor_config),
    "SENSOR_CONTINUOUS_UPDATE_NOTIFY": _NOTIFY,
    "SENSOR_NAME_GET": _ANYBODY,
    "SENSOR_AXIS_NAME_GET": MessageRow(protection=_OPEN, lacks=_axis_names),
    # Resets
    "RESET_DOMAIN_ATTRIBUTES": _PLAIN,
    "RESET": MessageRow(
        protection=_CHANGE,
        fields=lambda domain, _: (f"flags.{'autonomous' if domain.asserted else 'assert_reset'}=1",),
    ),
    "RESET_NOTIFY": _NOTIFY,
    "RESET_DOMAIN_NAME_GET": _PLAIN,
    # Voltages
    "VOLTAGE_DOMAIN_ATTRIBUTES": _PLAIN,
    "VOLTAGE_DESCRIBE_LEVELS": _PLAIN,
    "VOLTAGE_CONFIG_SET": MessageRow(
        protection=_CHANGE, fields=lambda domain, _: (f"config={int(VOLTAGE_OFF if domain.on else VOLTAGE_ON)}",)
    ),
    "VOLTAGE_CONFIG_GET": _PLAIN,
    "VOLTAGE_LEVEL_SET": MessageRow(protection=_CHANGE, fields=_voltage),
    "VOLTAGE_LEVEL_GET": _PLAIN,
    "VOLTAGE_DOMAIN_NAME_GET": _PLAIN,
    # Power caps
    "POWERCAP_DOMAIN_ATTRIBUTES": _ANYBODY,
    "POWERCAP_CAP_GET": _ANYBODY,
    "POWERCAP_CAP_SET": MessageRow(protection=_CHANGE, fields=_cap),
    "POWERCAP_PAI_GET": _ANYBODY,
    "POWERCAP_PAI_SET": MessageRow(
        protection=_CHANGE, fields=_interval, lacks=_unless(lambda domain: domain.interval_maximum is not None)
    ),
    "POWERCAP_DOMAIN_NAME_GET": _ANYBODY,
    "POWERCAP_MEASUREMENTS_GET": _PLAIN,
    "POWERCAP_CAP_NOTIFY": _NOTIFY,
    "POWERCAP_MEASUREMENTS_NOTIFY": _NOTIFY,
    "POWERCAP_DESCRIBE_FASTCHANNEL": MessageRow(
        protection=_OPEN,
        fields=lambda domain, _: (f"message_id={min(domain.fast_channels, default=_CAP_SET)}",),
        lacks=_unless(lambda domain: domain.fast_channels),
    ),
    # Pins and groups of pins
    "PINCTRL_ATTRIBUTES": MessageRow(protection=_OPEN, fields=_pin("flags")),
    "PINCTRL_LIST_ASSOCIATIONS": MessageRow(
        protection=_OPEN,
        fields=_pin("flags"),
        lacks=_unless(lambda pin: pin_of(pin)[1], Status.INVALID_PARAMETERS),
    ),
    "PINCTRL_SETTINGS_GET": MessageRow(
        protection=_OPEN, fields=lambda pin, _: (*_pin("attributes")(pin, _), "attributes.config_flag=all_types")
    ),
    "PINCTRL_SETTINGS_CONFIGURE": MessageRow(
        protection=_CHANGE,
        fields=lambda pin, _: (
            *_pin("attributes")(pin, _),
            "configs[0].config_type.type=1",
            "configs[0].config_value=1",
        ),
    ),
    "PINCTRL_REQUEST": MessageRow(protection=_CHANGE, fields=_pin("flags")),
    "PINCTRL_RELEASE": MessageRow(protection=_CHANGE, fields=_pin("flags")),
    "PINCTRL_NAME_GET": MessageRow(protection=_OPEN, fields=_pin("flags")),
    "PINCTRL_SET_PERMISSIONS": MessageRow(
        protection=_TRUSTED,
        fields=lambda pin, _: (*_pin("flags")(pin, _), "flags.allow=1"),
        names_sender=True,
    ),
}
"""Every command of every protocol, by name."""
