"""System power management protocol, 0x12 (DEN0056 3.2, 4.4)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import u32, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Protocol, Request, Response
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved, common_commands
from xenscmi.scmi.words import Bit, Word

PROTOCOL_ID = 0x12


@structure
class SystemPowerProtocolAttributesResponse(Response):
    """Nothing but that the protocol exists."""

    attributes: Reserved = word(Reserved, "Reserved")


class SystemPowerMessageAttributes(Word):
    """Attributes of SYSTEM_POWER_STATE_SET; all 0 for other commands."""

    warm_reset = Bit(31, "The agent can ask for a warm reset")
    suspend = Bit(30, "The agent can ask for system suspend")


@structure
class SystemPowerProtocolMessageAttributesResponse(Response):
    """The command exists."""

    attributes: SystemPowerMessageAttributes = word(SystemPowerMessageAttributes, "What the command offers")


class SystemState(IntEnum):
    """States of the system; from 0x80000000 on they are the vendor's own."""

    SHUTDOWN = 0
    COLD_RESET = 1
    WARM_RESET = 2
    POWER_UP = 3
    SUSPEND = 4


class SystemPowerFlags(Word):
    """How to change the state."""

    graceful = Bit(0, "Ask the other agents first, rather than force the change")


@structure
class SystemPowerStateSetRequest(Request):
    """Ask for a state of the system."""

    flags: SystemPowerFlags = word(SystemPowerFlags, "How to change it")
    system_state: int = u32("The state wanted", SystemState)


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
    """Ask for notifications of other agents' requests, or no longer."""

    notify_enable: NotifyEnable = word(NotifyEnable, "Whether requests shall be notified")


@structure
class SystemPowerStateNotifyResponse(Response):
    """Requests will be notified, or no longer."""


@structure
class SystemPowerStateNotifier(Notice):
    """An agent has asked for a state of the system."""

    agent_id: int = u32("The agent that asked for it")
    flags: SystemPowerFlags = word(SystemPowerFlags, "Graceful request or forced change")
    system_state: int = u32("The state wanted", SystemState)
    timeout: int = u32("How long the platform waits for the other agents, in ms; 0: no limit")


@structure
class SystemPowerStateNotifierV1(Notice):
    """An agent has asked for a state of the system, in version 1.0 of the protocol."""

    agent_id: int = u32("The agent that asked for it")
    flags: SystemPowerFlags = word(SystemPowerFlags, "Graceful request or forced change")
    system_state: int = u32("The state wanted", SystemState)


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="system power",
    section="4.4",
    version=0x20001,
    commands=(
        *common_commands(
            PROTOCOL_ID,
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
