"""Reset domain management protocol, 0x16 (DEN0056 3.2, 4.8)."""

from __future__ import annotations

from enum import IntEnum
from functools import partial

from xenscmi.scmi.kinds import text, u32, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Notice, Notification, Protocol, Request, Response
from xenscmi.scmi.protocols.common import EXTENDED_NAME_SIZE, NAME_SIZE, NotifyEnable, Reserved, common_commands
from xenscmi.scmi.words import Bit, Bits, Word

PROTOCOL_ID = 0x16
LATENCY_UNKNOWN = 0xFFFF_FFFF


class ResetProtocolAttributes(Word):
    """How many reset domains there are."""

    domains = Bits(15, 0, "Number of reset domains")


@structure
class ResetProtocolAttributesResponse(Response):
    """How many reset domains there are."""

    attributes: ResetProtocolAttributes = word(ResetProtocolAttributes, "Number of reset domains")


@structure
class ResetDomainAttributesRequest(Request):
    """Ask for what a reset domain is."""

    domain_id: int = u32("The reset domain")


class ResetDomainAttributes(Word):
    """What a reset domain can."""

    asynchronous = Bit(31, "Can be reset asynchronously")
    notifications = Bit(30, "RESET_ISSUED can be asked for")
    extended_name = Bit(29, "Has a name of more than 15 characters: RESET_DOMAIN_NAME_GET")


@structure
class ResetDomainAttributesResponse(Response):
    """What a reset domain is."""

    attributes: ResetDomainAttributes = word(ResetDomainAttributes, "Abilities")
    latency: int = u32("Longest time that a reset takes, in µs; 0xffffffff: not known")
    name: str = text(NAME_SIZE, "Its name, or the beginning of it")


class ResetFlags(Word):
    """How to reset. Without `autonomous` the caller holds the domain in reset and lets it go itself."""

    asynchronous = Bit(2, "Answer at once, reset later (with autonomous)")
    assert_reset = Bit(1, "Hold the domain in reset, rather than let it go (without autonomous)")
    autonomous = Bit(0, "The platform does the whole reset")


class ResetStateType(IntEnum):
    """Whose numbers reset states are."""

    ARCHITECTURAL = 0
    IMPLEMENTATION = 1


class ResetState(Word):
    """A kind of reset."""

    type = Bits(31, 31, "The specification's own or the platform's", ResetStateType)
    id = Bits(30, 0, "Which reset; architectural 0 is a cold reset")


@structure
class ResetRequest(Request):
    """Reset a domain, or one step of it."""

    domain_id: int = u32("The reset domain")
    flags: ResetFlags = word(ResetFlags, "How to reset")
    reset_state: ResetState = word(ResetState, "Kind of reset")


@structure
class ResetResponse(Response):
    """The domain is reset, or will be."""


@structure
class ResetComplete(Response):
    """The reset that was asked for asynchronously is done."""

    domain_id: int = u32("The reset domain")


@structure
class ResetNotifyRequest(Request):
    """Ask for notifications of resets, or no longer."""

    domain_id: int = u32("The reset domain")
    notify_enable: NotifyEnable = word(NotifyEnable, "Whether resets shall be notified")


@structure
class ResetNotifyResponse(Response):
    """Resets will be notified, or no longer."""


@structure
class ResetDomainNameGetRequest(Request):
    """Ask for the whole name of a reset domain."""

    domain_id: int = u32("The reset domain")


@structure
class ResetDomainNameGetResponse(Response):
    """The whole name of a reset domain."""

    flags: Reserved = word(Reserved, "Reserved")
    name: str = text(EXTENDED_NAME_SIZE, "Its name")


@structure
class ResetIssued(Notice):
    """A reset domain was reset."""

    agent_id: int = u32("The agent that reset it")
    domain_id: int = u32("The reset domain")
    reset_state: ResetState = word(ResetState, "Kind of reset")


row = partial(Command, PROTOCOL_ID)

PROTOCOL = Protocol(
    id=PROTOCOL_ID,
    name="reset domain",
    section="4.8",
    version=0x30001,
    commands=(
        *common_commands(PROTOCOL_ID, ResetProtocolAttributesResponse, negotiable_since=0x30001),
        row(0x3, "RESET_DOMAIN_ATTRIBUTES", ResetDomainAttributesRequest, ResetDomainAttributesResponse),
        row(0x4, "RESET", ResetRequest, ResetResponse, ResetComplete),
        row(0x5, "RESET_NOTIFY", ResetNotifyRequest, ResetNotifyResponse),
        row(0x6, "RESET_DOMAIN_NAME_GET", ResetDomainNameGetRequest, ResetDomainNameGetResponse, since=0x30000),
    ),
    notifications=(Notification(PROTOCOL_ID, 0x0, "RESET_ISSUED", ResetIssued),),
)
