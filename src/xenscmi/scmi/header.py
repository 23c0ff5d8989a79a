"""The 32-bit header with which every message begins (DEN0056 3.2, 4.1)."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from xenscmi.scmi.bitfields import BitFields, Bits


class MessageType(IntEnum):
    """Types of messages; a command and its immediate response share a type."""

    COMMAND = 0
    DELAYED_RESPONSE = 2
    NOTIFICATION = 3


class ProtocolId(IntEnum):
    """The standard protocols; ids from 0x80 on are vendor-defined."""

    BASE = 0x10
    POWER_DOMAIN = 0x11
    SYSTEM_POWER = 0x12
    PERFORMANCE = 0x13
    CLOCK = 0x14
    SENSOR = 0x15
    RESET = 0x16
    VOLTAGE = 0x17
    POWER_CAPPING = 0x18
    PIN_CONTROL = 0x19
    TELEMETRY = 0x1B


class Header(BitFields):
    """The header of a message. A response carries the header of its command, unchanged."""

    message_id = Bits(7, 0, "Id of the message in its protocol")
    message_type = Bits(9, 8, "Command or response, delayed response, or notification", MessageType)
    protocol_id = Bits(17, 10, "The protocol", ProtocolId)
    token = Bits(27, 18, "A number that the sender chooses and the response returns")

    @classmethod
    def of_command(cls, protocol_id: int, message_id: int, token: int) -> Self:
        """Return a command's header: what `of` does, in the time that many messages need."""
        return cls(message_id | protocol_id << cls.protocol_id.low | token << cls.token.low)


TOKENS = Header.token.mask + 1
