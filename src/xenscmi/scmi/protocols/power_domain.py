"""Power domain management protocol, 0x11 (DEN0056 3.2, 4.3)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import text, u32, u64, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x11


class PowerProtocolAttributes(Word):
    """How many power domains there are."""

    domains = Bits(15, 0, "Number of power domains")


@structure
class PowerProtocolAttributesResponse(Response):
    """How many power domains there are, and where their statistics stand."""

    attributes: PowerProtocolAttributes = word(PowerProtocolAttributes, "Number of power domains")
    statistics_address: int = u64("Physical address of the shared statistics")
    statistics_len: int = u32("Bytes of the statistics; 0: there are none")


@structure
class PowerDomainAttributesRequest(Request):
    """Ask for what a power domain is."""

    domain_id: int = u32("The power domain")


class PowerDomainAttributes(Word):
    """What a power domain can."""

    change_notifications = Bit(31, "POWER_STATE_CHANGED can be asked for")
    set_asynchronous = Bit(30, "The state can be set asynchronously")
    set_synchronous = Bit(29, "The state can be set synchronously")
    change_requested_notifications = Bit(28, "POWER_STATE_CHANGE_REQUESTED can be asked for")
    extended_name = Bit(27, "Has a name of more than 15 characters: POWER_DOMAIN_NAME_GET")


@structure
class PowerDomainAttributesResponse(Response):
    """What a power domain is."""

    attributes: PowerDomainAttributes = word(PowerDomainAttributes, "Abilities")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")


class PowerStateSetFlags(Word):
    """How to set a power state."""

    asynchronous = Bit(0, "Answer at once, set the state later")


class ContextLoss(IntEnum):
    """Whether a domain keeps its context."""

    PRESERVED = 0
    LOST = 1


class PowerState(Word):
    """A power state: generic on is type 0, id 0; generic off is type 1, id 0."""

    type = Bits(30, 30, "Whether the context is lost", ContextLoss)
    id = Bits(27, 0, "Which state of that type; 0 is the generic one")


POWER_ON = PowerState.of(type=ContextLoss.PRESERVED, id=0)
POWER_OFF = PowerState.of(type=ContextLoss.LOST, id=0)


@structure
class PowerStateSetRequest(Request):
    """Ask for a power state."""

    flags: PowerStateSetFlags = word(PowerStateSetFlags, "How to set it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = word(PowerState, "The state wanted")


@structure
class PowerStateSetResponse(Response):
    """The state is set, or will be."""


@structure
class PowerStateSetComplete(Response):
    """The state that was asked for asynchronously is set."""

    domain_id: int = u32("The power domain")
    power_state: PowerState = word(PowerState, "Its state")


@structure
class PowerStateGetRequest(Request):
    """Ask for the power state of a domain."""

    domain_id: int = u32("The power domain")


@structure
class PowerStateGetResponse(Response):
    """The power state of a domain."""

    power_state: PowerState = word(PowerState, "Its state")


@structure
class PowerStateNotifyRequest(Request):
    """Ask for notifications of state changes, or no longer."""

    domain_id: int = u32("The power domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether changes shall be notified")


@structure
class PowerStateNotifyResponse(Response):
    """State changes will be notified, or no longer."""


@structure
class PowerStateChangeRequestedNotifyRequest(Request):
    """Ask for notifications of other agents' requests for states, or no longer."""

    domain_id: int = u32("The power domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether requests shall be notified")


@structure
class PowerStateChangeRequestedNotifyResponse(Response):
    """Requests will be notified, or no longer."""


@structure
class PowerDomainNameGetRequest(Request):
    """Ask for the whole name of a power domain."""

    domain_id: int = u32("The power domain")


@structure
class PowerDomainNameGetResponse(Response):
    """The whole name of a power domain."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class PowerStateChanged(Notice):
    """A power domain has another state."""

    agent_id: int = u32("The agent that asked for it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = word(PowerState, "Its state")


@structure
class PowerStateChangeRequested(Notice):
    """Another agent has asked for a power state."""

    agent_id: int = u32("The agent that asked for it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = word(PowerState, "The state wanted")


row = partial(Command, PROTOCOL_ID)
notice = partial(Notification, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="power domain",
    section="4.3",
    version=0x30001,
    commands=(
        *common_commands(PROTOCOL_ID, PowerProtocolAttributesResponse, negotiable_since=0x30001),
        row(0x3, "POWER_DOMAIN_ATTRIBUTES", PowerDomainAttributesRequest, PowerDomainAttributesResponse),
        row(0x4, "POWER_STATE_SET", PowerStateSetRequest, PowerStateSetResponse, PowerStateSetComplete),
        row(0x5, "POWER_STATE_GET", PowerStateGetRequest, PowerStateGetResponse),
        row(0x6, "POWER_STATE_NOTIFY", PowerStateNotifyRequest, PowerStateNotifyResponse),
        row(
            0x7,
            "POWER_STATE_CHANGE_REQUESTED_NOTIFY",
            PowerStateChangeRequestedNotifyRequest,
            PowerStateChangeRequestedNotifyResponse,
            since=0x20000,
        ),
        row(0x8, "POWER_DOMAIN_NAME_GET", PowerDomainNameGetRequest, PowerDomainNameGetResponse, since=0x30000),
    ),
    notifications=(
        notice(0x0, "POWER_STATE_CHANGED", PowerStateChanged),
        notice(0x1, "POWER_STATE_CHANGE_REQUESTED", PowerStateChangeRequested, since=0x20000),
    ),
)
