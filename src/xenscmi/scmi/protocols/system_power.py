"""System power management protocol, 0x12 (DEN0056 3.2, 4.4)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields
from xenscmi.scmi.codec import bitfields, structure, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Protocol, Request, Response
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved, common_commands


@structure
class SystemPowerProtocolAttributesResponse(Response):
    """The protocol exists; it has no attributes."""

    attributes: Reserved = bitfields(Reserved, "Reserved")


class SystemPowerMessageAttributes(BitFields):
    """Attributes of SYSTEM_POWER_STATE_SET; all 0 for other commands."""

    warm_reset = Bit(31, "The agent can ask for a warm reset")
    suspend = Bit(30, "The agent can ask for system suspend")


@structure
class SystemPowerProtocolMessageAttributesResponse(Response):
    """The command exists."""

    attributes: SystemPowerMessageAttributes = bitfields(SystemPowerMessageAttributes, "Attributes of the command")


class SystemState(IntEnum):
    """States of the system; from 0x80000000 on they are vendor-defined."""

    SHUTDOWN = 0
    COLD_RESET = 1
    WARM_RESET = 2
    POWER_UP = 3
    SUSPEND = 4


class SystemPowerFlags(BitFields):
    """How to change the state."""

    graceful = Bit(0, "Request a graceful change, rather than force it")


@structure
class SystemPowerStateSetRequest(Request):
    """Request a state of the system."""

    flags: SystemPowerFlags = bitfields(SystemPowerFlags, "How to change it")
    system_state: int = u32("The requested state", SystemState)


@structure
class SystemPowerStateSetResponse(Response):
    """The request is accepted."""


@structure
class SystemPowerStateGetRequest(Request):
    """Ask for the state of the system."""


@structure
class SystemPowerStateGetResponse(Response):
    """The state of the system."""

    system_state: int = u32("The state", SystemState)


@structure
class SystemPowerStateNotifyRequest(Request):
    """Start or stop notifications of other agents' requests."""

    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class SystemPowerStateNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class SystemPowerStateNotifier(NotificationPayload):
    """An agent has requested a state of the system."""

    agent_id: int = u32("The agent that requested it")
    flags: SystemPowerFlags = bitfields(SystemPowerFlags, "Graceful request or forced change")
    system_state: int = u32("The requested state", SystemState)
    timeout: int = u32("Time that the platform waits for the other agents, in ms; 0: no limit")


@structure
class SystemPowerStateNotifierV1(NotificationPayload):
    """An agent has requested a state of the system, in version 1.0 of the protocol."""

    agent_id: int = u32("The agent that requested it")
    flags: SystemPowerFlags = bitfields(SystemPowerFlags, "Graceful request or forced change")
    system_state: int = u32("The requested state", SystemState)


row = partial(Command, ProtocolId.SYSTEM_POWER)
notice = partial(Notification, ProtocolId.SYSTEM_POWER)

PROTOCOL = Protocol(
    id=ProtocolId.SYSTEM_POWER,
    name="system power",
    section="4.4",
    versions=(0x10000, 0x20000, 0x20001),
    commands=(
        *common_commands(
            ProtocolId.SYSTEM_POWER,
            SystemPowerProtocolAttributesResponse,
            negotiable_since=0x20001,
            message_attributes=SystemPowerProtocolMessageAttributesResponse,
        ),
        row(0x3, "SYSTEM_POWER_STATE_SET", SystemPowerStateSetRequest, SystemPowerStateSetResponse),
        row(0x4, "SYSTEM_POWER_STATE_GET", SystemPowerStateGetRequest, SystemPowerStateGetResponse),
        row(0x5, "SYSTEM_POWER_STATE_NOTIFY", SystemPowerStateNotifyRequest, SystemPowerStateNotifyResponse),
    ),
    notifications=(
        notice(0x0, "SYSTEM_POWER_STATE_NOTIFIER", SystemPowerStateNotifierV1, until=0x20000),
        notice(0x0, "SYSTEM_POWER_STATE_NOTIFIER", SystemPowerStateNotifier, since=0x20000),
    ),
)
