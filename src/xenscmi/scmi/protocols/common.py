"""Commands and words that all protocols share (DEN0056 3.2, 4.2.2.1 to 4.2.2.4, and the same in each protocol)."""

from __future__ import annotations

from enum import IntEnum

from xenscmi.scmi.bitfields import Bit, BitFields, Bits
from xenscmi.scmi.codec import bitfields, structure, u32, u64
from xenscmi.scmi.message import Command, Request, Response

NAME_SIZE = 16
EXTENDED_NAME_SIZE = 64


class Version(BitFields):
    """The version of a protocol."""

    major = Bits(31, 16, "Major version: layouts may differ")
    minor = Bits(15, 0, "Minor version: compatible within its major version")


class Reserved(BitFields):
    """A word of reserved bits only."""


class RateLimit(BitFields):
    """The rate limit of a command."""

    microseconds = Bits(19, 0, "Minimum time between two requests, in µs; 0: no limit or unknown")


class NotifyEnable(BitFields):
    """Whether to send notifications."""

    enable = Bit(0, "Send the notification")


@structure
class ProtocolVersionRequest(Request):
    """Ask for the version of a protocol."""


@structure
class ProtocolVersionResponse(Response):
    """The version of the protocol that the platform speaks."""

    version: Version = bitfields(Version, "Version of the protocol")


@structure
class ProtocolAttributesRequest(Request):
    """Ask for the attributes of a protocol as a whole, such as the number of its domains."""


@structure
class ProtocolMessageAttributesRequest(Request):
    """Ask whether a command exists for this agent; the answer NOT_FOUND means that it does not."""

    message_id: int = u32("The command")


class MessageAttributes(BitFields):
    """Attributes of a command."""

    fast_channel = Bit(0, "The command has a fast channel (performance and power capping only)")


@structure
class ProtocolMessageAttributesResponse(Response):
    """The command exists."""

    attributes: MessageAttributes = bitfields(MessageAttributes, "Attributes of the command; 0 for most")


@structure
class NegotiateProtocolVersionRequest(Request):
    """Ask the platform to use another version of the protocol; this comes before any other command of the protocol."""

    version: Version = bitfields(Version, "The requested version")


@structure
class NegotiateProtocolVersionResponse(Response):
    """The platform uses the requested version from now on."""


class DoorbellWidth(IntEnum):
    """Widths of doorbell registers."""

    BITS_8 = 0
    BITS_16 = 1
    BITS_32 = 2
    BITS_64 = 3


class FastchannelAttributes(BitFields):
    """The attributes of a fast channel."""

    doorbell_width = Bits(2, 1, "Width of the doorbell register", DoorbellWidth)
    doorbell = Bit(0, "A doorbell register exists")


@structure
class FastchannelDescription(Response):
    """Where a fast channel is, and how to ring its doorbell."""

    attributes: FastchannelAttributes = bitfields(FastchannelAttributes, "What it is")
    rate_limit: RateLimit = bitfields(RateLimit, "Minimum time between two uses")
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
    """Return the first rows of every protocol's table.

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
