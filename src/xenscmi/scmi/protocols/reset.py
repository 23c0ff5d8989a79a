"""Reset domain management protocol, 0x16 (DEN0056 3.2, 4.8)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, structure, text, u32
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, NotificationPayload, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands

LATENCY_UNKNOWN = 0xFFFF_FFFF


class ResetProtocolAttributes(BitFields):
    """The number of reset domains."""

    domains = Bits(15, 0, "Number of reset domains")


@structure
class ResetProtocolAttributesResponse(Response):
    """The number of reset domains."""

    attributes: ResetProtocolAttributes = bitfields(ResetProtocolAttributes, "Number of reset domains")


@structure
class ResetDomainAttributesRequest(Request):
    """Ask for the attributes of a reset domain."""

    domain_id: int = u32("The reset domain")


class ResetDomainAttributes(BitFields):
    """Capabilities of a reset domain."""

    asynchronous = Bit(31, "Can be reset asynchronously")
    notifications = Bit(30, "RESET_ISSUED is available")
    extended_name = Bit(29, "The name has more than 15 characters: RESET_DOMAIN_NAME_GET returns it")


@structure
class ResetDomainAttributesResponse(Response):
    """The attributes of a reset domain."""

    attributes: ResetDomainAttributes = bitfields(ResetDomainAttributes, "Capabilities")
    latency: int = u32("Longest time that a reset takes, in µs; 0xffffffff: unknown")
    name: str = text(NAME_SIZE, "Its name, cut to 15 characters")


class ResetFlags(BitFields):
    """How to reset. Without `autonomous`, the caller asserts and deasserts the reset itself."""

    asynchronous = Bit(2, "Answer at once, reset later (with autonomous)")
    assert_reset = Bit(1, "Assert the reset, rather than deassert it (without autonomous)")
    autonomous = Bit(0, "The platform does the whole reset")


class ResetStateType(IntEnum):
    """Who defines the reset states."""

    ARCHITECTURAL = 0
    IMPLEMENTATION = 1


class ResetState(BitFields):
    """A kind of reset."""

    type = Bits(31, 31, "Architectural or implementation-defined", ResetStateType)
    id = Bits(30, 0, "Which reset; architectural 0 is a cold reset")


@structure
class ResetRequest(Request):
    """Reset a domain, or assert or deassert its reset."""

    domain_id: int = u32("The reset domain")
    flags: ResetFlags = bitfields(ResetFlags, "How to reset")
    reset_state: ResetState = bitfields(ResetState, "Kind of reset")


@structure
class ResetResponse(Response):
    """The domain is reset, or will be reset."""


@structure
class ResetComplete(Response):
    """The reset requested asynchronously is done."""

    domain_id: int = u32("The reset domain")


@structure
class ResetNotifyRequest(Request):
    """Start or stop notifications of resets."""

    domain_id: int = u32("The reset domain")
    notify_enable: NotifyEnable = bitfields(NotifyEnable, "Whether to send the notifications")


@structure
class ResetNotifyResponse(Response):
    """The notifications are on or off, as requested."""


@structure
class ResetDomainNameGetRequest(Request):
    """Ask for the full name of a reset domain."""

    domain_id: int = u32("The reset domain")


@structure
class ResetDomainNameGetResponse(Response):
    """The full name of a reset domain."""

    flags: Reserved = bitfields(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class ResetIssued(NotificationPayload):
    """A reset domain was reset."""

    agent_id: int = u32("The agent that reset it")
    domain_id: int = u32("The reset domain")
    reset_state: ResetState = bitfields(ResetState, "Kind of reset")


row = partial(Command, ProtocolId.RESET)

PROTOCOL = Protocol(
    id=ProtocolId.RESET,
    name="reset domain",
    section="4.8",
    versions=(0x10000, 0x30000, 0x30001),
    commands=(
        *common_commands(ProtocolId.RESET, ResetProtocolAttributesResponse, negotiable_since=0x30001),
        row(0x3, "RESET_DOMAIN_ATTRIBUTES", ResetDomainAttributesRequest, ResetDomainAttributesResponse),
        row(0x4, "RESET", ResetRequest, ResetResponse, ResetComplete),
        row(0x5, "RESET_NOTIFY", ResetNotifyRequest, ResetNotifyResponse),
        row(0x6, "RESET_DOMAIN_NAME_GET", ResetDomainNameGetRequest, ResetDomainNameGetResponse, since=0x30000),
    ),
    notifications=(Notification(ProtocolId.RESET, 0x0, "RESET_ISSUED", ResetIssued),),
)
