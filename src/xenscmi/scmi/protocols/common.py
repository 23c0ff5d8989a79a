"""What every protocol has: version, attributes, messages (DEN0056 3.2, 4.2.2.1 to 4.2.2.4 and their like)."""

from __future__ import annotations

from enum import IntEnum

from xenscmi.scmi.kinds import u32, u64, word
from xenscmi.scmi.layout import structure
from xenscmi.scmi.message import Command, Request, Response
from xenscmi.scmi.words import Bit, Bits, Word

NAME_SIZE = 16
EXTENDED_NAME_SIZE = 64


class Version(Word):
    """The version of a protocol."""

    major = Bits(31, 16, "Major version: layouts may differ")
    minor = Bits(15, 0, "Minor version: compatible within its major version")


class Reserved(Word):
    """A word of reserved bits only."""


class RateLimit(Word):
    """How often an agent may ask for something."""

    microseconds = Bits(19, 0, "Least time between two requests, in µs; 0: no limit or not known")


class NotifyEnable(Word):
    """Whether notifications are wanted."""

    enable = Bit(0, "Send the notification")


@structure
class ProtocolVersionRequest(Request):
    """Ask for the version of a protocol."""


@structure
class ProtocolVersionResponse(Response):
    """The version of the protocol that the platform speaks."""

    version: Version = word(Version, "Version of the protocol")


@structure
class ProtocolAttributesRequest(Request):
    """Ask for what a protocol offers as a whole, such as the number of its domains."""


@structure
class ProtocolMessageAttributesRequest(Request):
    """Ask whether a command exists for this agent; NOT_FOUND says that it does not."""

    message_id: int = u32("The command")


class MessageAttributes(Word):
    """Attributes of a command."""

    fast_channel = Bit(0, "The command has a fast channel (performance and power capping only)")


@structure
class ProtocolMessageAttributesResponse(Response):
    """The command exists."""

    attributes: MessageAttributes = word(MessageAttributes, "What the command offers; 0 for most")


@structure
class NegotiateProtocolVersionRequest(Request):
    """Ask the platform to speak an older version of the protocol from now on; before any other command of it."""

    version: Version = word(Version, "Version that the agent wants")


@structure
class NegotiateProtocolVersionResponse(Response):
    """The platform speaks the version that was asked for."""


class DoorbellWidth(IntEnum):
    """Widths of doorbell registers."""

    BITS_8 = 0
    BITS_16 = 1
    BITS_32 = 2
    BITS_64 = 3


class FastchannelAttributes(Word):
    """What a fast channel is."""

    doorbell_width = Bits(2, 1, "Width of the doorbell register", DoorbellWidth)
    doorbell = Bit(0, "There is a doorbell register")


@structure
class FastchannelDescription(Response):
    """Where a fast channel is, and how to ring its doorbell."""

    attributes: FastchannelAttributes = word(FastchannelAttributes, "What it is")
    rate_limit: RateLimit = word(RateLimit, "How often it may be used")
    chan_addr: int = u64("Physical address of the channel")
    chan_size: int = u32("Its size in bytes")
    doorbell_addr: int = u64("Physical address of the doorbell register")
    doorbell_set_mask: int = u64("Bits to set in it")
    doorbell_preserve_mask: int = u64("Bits to keep in it")


def common_commands(
    protocol_id: int,
    attributes: type[Response],
    *,
    negotiable_since: int,
    message_attributes: type[Response] = ProtocolMessageAttributesResponse,
) -> tuple[Command, ...]:
    """Return the rows that every protocol's table begins with.

    `attributes` and `message_attributes` are the protocol's own responses. NEGOTIATE_PROTOCOL_VERSION came with SCMI
    3.2, that is in another version of each protocol.
    """
    return (
        Command(protocol_id, 0x0, "PROTOCOL_VERSION", ProtocolVersionRequest, ProtocolVersionResponse),
        Command(protocol_id, 0x1, "PROTOCOL_ATTRIBUTES", ProtocolAttributesRequest, attributes),
        Command(
            protocol_id,
            0x2,
            "PROTOCOL_MESSAGE_ATTRIBUTES",
            ProtocolMessageAttributesRequest,
            message_attributes,
        ),
        Command(
            protocol_id,
            0x10,
            "NEGOTIATE_PROTOCOL_VERSION",
            NegotiateProtocolVersionRequest,
            NegotiateProtocolVersionResponse,
            since=negotiable_since,
        ),
    )
