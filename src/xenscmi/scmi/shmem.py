"""The shared-memory channel: one message at a time in an area that agent and platform both write (DEN0056 3.2, 5.1.2).

    0x00  reserved               0x10  flags: bit 0, the agent wants an interrupt on completion
    0x04  status: bit 0 free,    0x14  length: 4 (the message header) + payload
          bit 1 error            0x18  message header
    0x08  8 implementation-      0x1c  payload
          defined bytes

The agent waits until the area is free, `post`s a message, which marks the area busy, and rings the doorbell. The
platform `take`s the message and `reply`s in the same place, which frees the area. The agent `collect`s the answer. The
other side may write to the area at any time, so each side copies it once and reads only the copy. In an area for
notifications and delayed responses the platform `post`s, and the agent `acknowledge`s.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.bitfields import Bit, BitFields
from xenscmi.scmi.codec import Structure, bitfields, structure, u32, u64
from xenscmi.scmi.header import Header

PAYLOAD = 0x1C  # offset of the payload
LINUX_LIMIT = 104  # payload bytes that Linux sends unless its device tree or transport says otherwise

Area = bytearray | memoryview

_STATUS = struct.Struct("<I")
_FLAGS_LENGTH_HEADER = struct.Struct("<III")
_LENGTH_HEADER = struct.Struct("<II")
_AT_STATUS, _AT_FLAGS, _AT_LENGTH = 0x04, 0x10, 0x14


class ChannelStatus(BitFields):
    """The state of the channel."""

    error = Bit(1, "The platform could not read the last message")
    free = Bit(0, "The agent may post a message")


class ChannelFlags(BitFields):
    """Flags of the agent."""

    interrupt = Bit(0, "Raise an interrupt on completion")


_FREE = ChannelStatus.of(free=True)
_REFUSED = ChannelStatus.of(free=True, error=True)


@structure
class ChannelHeader(Structure):
    """The header of a shared-memory area."""

    reserved_word: int = u32("Reserved")
    channel_status: ChannelStatus = bitfields(ChannelStatus, "State of the channel")
    implementation: int = u64("Implementation-defined")
    channel_flags: ChannelFlags = bitfields(ChannelFlags, "Flags of the agent")
    length: int = u32("Bytes of the message: 4 for its header, plus the payload")
    message_header: Header = bitfields(Header, "Header of the message")


class ChannelError(XenscmiError):
    """The state of the channel does not allow what the agent wants."""

    def __init__(self, reason: str) -> None:
        super().__init__(Diagnostic(message=f"SCMI channel: {reason}"))


class Posted(NamedTuple):
    """A message, copied out of an area: nobody else can change it."""

    header: Header
    payload: bytes


def check_area(area: Area) -> None:
    """Raise ValueError if an area is too small for any message: a header, and a status in reply."""
    if len(area) < PAYLOAD + 4:
        raise ValueError(f"a shared-memory area has at least {PAYLOAD + 4} bytes, this one has {len(area)}")


def reset(area: Area) -> None:
    """Prepare an area for its first message, as the firmware does at boot."""
    check_area(area)
    area[:PAYLOAD] = bytes(PAYLOAD)
    _STATUS.pack_into(area, _AT_STATUS, _FREE)


def post(area: Area, header: int, payload: bytes, *, interrupt: bool = False) -> None:
    """Agent: write a message into a free area and mark the area busy.

    Raises ChannelError if the area is not free, or too small for the payload.
    """
    if len(payload) > len(area) - PAYLOAD:
        raise ChannelError(f"{len(payload)} bytes of payload do not fit an area of {len(area)} bytes")
    if not _STATUS.unpack_from(area, _AT_STATUS)[0] & _FREE:
        raise ChannelError("not free: the platform has not answered the last message")
    _STATUS.pack_into(area, _AT_STATUS, 0)
    _FLAGS_LENGTH_HEADER.pack_into(area, _AT_FLAGS, interrupt, 4 + len(payload), header)
    area[PAYLOAD : PAYLOAD + len(payload)] = payload


def take(area: Area, limit: int, *, keep_status: bool = False) -> Posted | None:
    """Platform: copy the agent's message out of an area.

    Returns None, and leaves the area free with the error bit set, if the area was free or in error, if the length is
    below 4, or if the payload has more than `limit` bytes. With `keep_status`, the other bits of the status stay.
    """
    limit = min(limit, len(area) - PAYLOAD)
    copy = bytes(area[: PAYLOAD + limit])
    (status,) = _STATUS.unpack_from(copy, _AT_STATUS)
    length, header = _LENGTH_HEADER.unpack_from(copy, _AT_LENGTH)
    if status & _REFUSED or not 4 <= length <= 4 + limit:
        _STATUS.pack_into(area, _AT_STATUS, _REFUSED | (status if keep_status else 0))
        return None
    return Posted(Header(header), copy[PAYLOAD : PAYLOAD + length - 4])


def fail(area: Area, *, keep_status: bool = False) -> None:
    """Platform: leave the area free with the error bit set; see `take`."""
    (status,) = _STATUS.unpack_from(area, _AT_STATUS)
    _STATUS.pack_into(area, _AT_STATUS, _REFUSED | (status if keep_status else 0))


def reply(area: Area, header: int, payload: bytes, *, keep_status: bool = False, padding: int = 0) -> None:
    """Platform: write the answer to the message with this header, and free the area.

    The last `padding` bytes of the payload count, but are not written. With `keep_status`, the other bits of the status
    stay.

    Raises ValueError if the payload does not fit: a platform knows the size of its area.
    """
    if len(payload) > len(area) - PAYLOAD:
        raise ValueError(f"{len(payload)} bytes of payload do not fit an area of {len(area)} bytes")
    written = payload[: len(payload) - padding] if padding else payload
    area[PAYLOAD : PAYLOAD + len(written)] = written
    _LENGTH_HEADER.pack_into(area, _AT_LENGTH, 4 + len(payload), header)
    status = _FREE | _STATUS.unpack_from(area, _AT_STATUS)[0] if keep_status else _FREE
    _STATUS.pack_into(area, _AT_STATUS, status)


def acknowledge(area: Area) -> Posted:
    """Agent: copy a message out of a platform-to-agent area, and free the area.

    Raises ChannelError if there is none, and for an impossible length.
    """
    copy = bytes(area)
    (status,) = _STATUS.unpack_from(copy, _AT_STATUS)
    length, header = _LENGTH_HEADER.unpack_from(copy, _AT_LENGTH)
    if status & _FREE:
        raise ChannelError("the platform has sent nothing")
    _STATUS.pack_into(area, _AT_STATUS, _FREE)
    if not 4 <= length <= len(copy) - PAYLOAD + 4:
        raise ChannelError(f"the message's length is {length}, but must be 4 to {len(copy) - PAYLOAD + 4}")
    return Posted(Header(header), copy[PAYLOAD : PAYLOAD + length - 4])


def collect(area: Area) -> Posted:
    """Agent: copy the platform's answer out of an area.

    Raises ChannelError if there is no answer yet, if the platform has set the error bit, and for an impossible length.
    """
    copy = bytes(area)
    (status,) = _STATUS.unpack_from(copy, _AT_STATUS)
    length, header = _LENGTH_HEADER.unpack_from(copy, _AT_LENGTH)
    if status & _REFUSED != _FREE:
        raise ChannelError("the platform has set the error bit" if status & _REFUSED else "no answer yet")
    if not 4 <= length <= len(copy) - PAYLOAD + 4:
        raise ChannelError(f"the answer's length is {length}, but must be 4 to {len(copy) - PAYLOAD + 4}")
    return Posted(Header(header), copy[PAYLOAD : PAYLOAD + length - 4])
