"""What every protocol has (DEN0056 3.2, 4.1.3 and 4.2.2.1 to 4.2.2.4): its version, its attributes, its messages."""

from __future__ import annotations

from xenscmi.scmi.layout import structure, u32, word
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


def common_commands(protocol_id: int, attributes: type[Response], *, negotiable_since: int) -> tuple[Command, ...]:
    """Return the rows that every protocol's table begins with.

    `attributes` is the protocol's own response to PROTOCOL_ATTRIBUTES. NEGOTIATE_PROTOCOL_VERSION came with SCMI 3.2,
    in a version of its own for every protocol.
    """
    return (
        Command(protocol_id, 0x0, "PROTOCOL_VERSION", ProtocolVersionRequest, ProtocolVersionResponse),
        Command(protocol_id, 0x1, "PROTOCOL_ATTRIBUTES", ProtocolAttributesRequest, attributes),
        Command(
            protocol_id,
            0x2,
            "PROTOCOL_MESSAGE_ATTRIBUTES",
            ProtocolMessageAttributesRequest,
            ProtocolMessageAttributesResponse,
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
