"""Power domain management protocol, 0x11 (DEN0056 3.2, 4.3)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, structure, text, u32, u64
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands


class PowerProtocolAttributes(BitFields):
    """The number of power domains."""

    domains = Bits(15, 0, "Number of power domains")


@structure
class PowerProtocolAttributesResponse(Response):
    """The number of power domains, and the address of their statistics."""

    attributes: PowerProtocolAttributes = bitfields(PowerProtocolAttributes, "Number of power domains")
    statistics_address: int = u64("Physical address of the shared statistics")
    statistics_len: int = u32("Bytes of the statistics; 0: no statistics")


@structure
class PowerDomainAttributesRequest(Request):
    """Ask for the attributes of a power domain."""

    domain_id: int = u32("The power domain")


class PowerDomainAttributes(BitFields):
    """Capabilities of a power domain."""

    change_notifications = Bit(31, "POWER_STATE_CHANGED is available")
    set_asynchronous = Bit(30, "The state can be set asynchronously")
    set_synchronous = Bit(29, "The state can be set synchronously")
    change_requested_notifications = Bit(28, "POWER_STATE_CHANGE_REQUESTED is available")
    extended_name = Bit(27, "The name has more than 15 characters: POWER_DOMAIN_NAME_GET returns it")


@structure
class PowerDomainAttributesResponse(Response):
    """The attributes of a power domain."""

    attributes: PowerDomainAttributes = bitfields(PowerDomainAttributes, "Capabilities")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")


class PowerStateSetFlags(BitFields):
    """How to set a power state."""

    asynchronous = Bit(0, "Answer at once, set the state later")


class ContextLoss(IntEnum):
    """Whether a domain keeps its context."""

    PRESERVED = 0
    LOST = 1


class PowerState(BitFields):
    """A power state: generic on is type 0, id 0; generic off is type 1, id 0."""

    type = Bits(30, 30, "Whether the context is lost", ContextLoss)
    id = Bits(27, 0, "Which state of that type; 0 is the generic one")


POWER_ON = PowerState.of(type=ContextLoss.PRESERVED, id=0)
POWER_OFF = PowerState.of(type=ContextLoss.LOST, id=0)


@structure
class PowerStateSetRequest(Request):
    """Set the power state of a domain."""

    flags: PowerStateSetFlags = bitfields(PowerStateSetFlags, "How to set it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = bitfields(PowerState, "The requested state")


@structure
class PowerStateSetResponse(Response):
    """The state is set, or will be set."""


@structure
class PowerStateSetComplete(Response):
    """The state requested asynchronously is set."""

    domain_id: int = u32("The power domain")
    power_state: PowerState = bitfields(PowerState, "Its state")


@structure
class PowerStateGetRequest(Request):
    """Ask for the power state of a domain."""

    domain_id: int = u32("The power domain")


@structure
class PowerStateGetResponse(Response):
    """The power state of a domain."""

    power_state: PowerState = bitfields(PowerState, "Its state")


@structure
class PowerStateNotifyRequest(Request):
    """Start or stop notifications of state changes."""

    domain_id: int = u32("The power domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class PowerStateNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PowerStateChangeRequestedNotifyRequest(Request):
    """Start or stop notifications of other agents' requests for states."""

    domain_id: int = u32("The power domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class PowerStateChangeRequestedNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class PowerDomainNameGetRequest(Request):
    """Ask for the full name of a power domain."""

    domain_id: int = u32("The power domain")


@structure
class PowerDomainNameGetResponse(Response):
    """The full name of a power domain."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class PowerStateChanged(NotificationPayload):
    """A power domain has a new state."""

    agent_id: int = u32("The agent that requested it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = bitfields(PowerState, "Its state")


@structure
class PowerStateChangeRequested(NotificationPayload):
    """Another agent has requested a power state."""

    agent_id: int = u32("The agent that requested it")
    domain_id: int = u32("The power domain")
    power_state: PowerState = bitfields(PowerState, "The requested state")


row = partial(Command, ProtocolId.POWER_DOMAIN)
notice = partial(Notification, ProtocolId.POWER_DOMAIN)

PROTOCOL = Protocol(
    id=ProtocolId.POWER_DOMAIN,
    name="power domain",
    section="4.3",
    versions=(0x10000, 0x20000, 0x30000, 0x30001),
    commands=(
        *common_commands(ProtocolId.POWER_DOMAIN, PowerProtocolAttributesResponse, negotiable_since=0x30001),
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
