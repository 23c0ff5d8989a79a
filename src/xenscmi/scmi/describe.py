"""Messages as text: which message some bytes are, and the meaning of each field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum

from xenscmi.scmi.bitfields import BitFields
from xenscmi.scmi.codec import Fixed, IntegerList, OptionalRecord, PayloadError, RecordList, Structure
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.message import Command, Notification, Refusal, Response, decode_answer
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.shmem import ChannelHeader
from xenscmi.scmi.status import status_name


class Direction(Enum):
    """The direction of a message; the header does not tell a command's request from its response."""

    REQUEST = "request"
    RESPONSE = "response"
    DELAYED_RESPONSE = "delayed response"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Bytes and their meaning.

    `row` and `message` are None if the message is unknown or if the payload has none of its forms; `problem` then gives
    the reason. `channel` is the header of the shared-memory area that held the message, if there was one. `event` is
    what happened to the message, for a trace event that has no payload.
    """

    header: Header
    payload: bytes
    direction: Direction
    row: Command | Notification | None = None
    message: Structure | Refusal | None = None
    problem: str = ""
    channel: ChannelHeader | None = None
    event: str = ""


def decode(header: Header, payload: bytes, direction: Direction | None = None) -> Decoded:
    """Read a message in the newest version of its protocol that it fits; versions that are beta come last.

    Without a direction, the header tells commands, delayed responses and notifications apart; a command is read as a
    request if its payload is one, otherwise as a response.
    """
    types = {
        MessageType.DELAYED_RESPONSE: Direction.DELAYED_RESPONSE,
        MessageType.NOTIFICATION: Direction.NOTIFICATION,
    }
    if header.message_type in types:
        return _decode(header, payload, types[MessageType(header.message_type)])
    if direction is not None:
        return _decode(header, payload, direction)
    request = _decode(header, payload, Direction.REQUEST)
    if request.message is None:
        response = _decode(header, payload, Direction.RESPONSE)
        if response.message is not None:
            return response
    return request


def _decode(header: Header, payload: bytes, direction: Direction) -> Decoded:
    known = protocol(header.protocol_id)
    if known is None:
        return Decoded(header=header, payload=payload, direction=direction, problem="not a standard protocol")
    table = known.notifications if direction is Direction.NOTIFICATION else known.commands
    rows: list[Command | Notification] = [row for row in table if row.id == header.message_id]
    rows.sort(key=lambda row: (row.since not in known.beta, row.since), reverse=True)
    problem = "" if rows else f"the {known.name} protocol has no such message"
    for row in rows:
        try:
            message = _read(row, payload, direction)
        except PayloadError as error:
            problem = problem or error.reason
        else:
            return Decoded(header=header, payload=payload, direction=direction, row=row, message=message)
    newest = rows[0] if rows else None
    return Decoded(header=header, payload=payload, direction=direction, row=newest, problem=problem)


def _read(row: Command | Notification, payload: bytes, direction: Direction) -> Structure | Refusal:
    if isinstance(row, Notification):
        return row.message.decode(payload)
    if direction is Direction.REQUEST:
        return row.request.decode(payload)
    if direction is Direction.RESPONSE:
        return decode_answer(row.response, payload)
    if row.delayed is None:
        raise PayloadError(row.name, "this command has no delayed response")
    return decode_answer(row.delayed, payload)


@dataclass(frozen=True, slots=True)
class Line:
    """One value as text: its depth in the message, its name, the value, its meaning."""

    depth: int
    name: str
    value: str
    doc: str = ""


def describe(decoded: Decoded) -> list[str]:
    """Return a message as lines of text."""
    lines = [*_channel(decoded.channel), *_message(decoded)]
    width = max((2 * line.depth + len(line.name) for line in lines), default=0)
    value_width = min(max((len(line.value) for line in lines), default=0), 24)
    texts = [title(decoded)]
    for line in lines:
        name = "  " * line.depth + line.name
        texts.append(f"  {name:<{width}}  {line.value:<{value_width}}  {line.doc}".rstrip())
    if decoded.problem:
        texts.append(f"  {decoded.problem}; payload: {decoded.payload.hex(' ', 4) or 'empty'}")
    return texts


def title(decoded: Decoded) -> str:
    """Return a message's name and header in one line."""
    header = decoded.header
    if decoded.channel and not decoded.channel.length:
        return "unused channel"
    name = decoded.row.name if decoded.row else f"message {header.message_id:#x}"
    kind = f"{decoded.direction.value}: {decoded.event}" if decoded.event else decoded.direction.value
    text = f"{name} {kind} (protocol {_named(header.protocol_id, ProtocolId)}, token {header.token})"
    return text + (f", reserved header bits {header.reserved:#x}" if header.reserved else "")


def _channel(channel: ChannelHeader | None) -> Iterator[Line]:
    if channel is not None:
        state = "free" if channel.channel_status.free else "busy"
        if channel.channel_status.error:
            state += ", error"
        if channel.channel_flags.interrupt:
            state += ", interrupt wanted"
        yield Line(0, "channel", state, f"length {channel.length}")


def _message(decoded: Decoded) -> Iterator[Line]:
    message = decoded.message
    if isinstance(message, Refusal):
        yield Line(0, "status", status_name(message.status), "Refused")
    elif message is not None:
        if isinstance(message, Response):
            yield Line(0, "status", status_name(0), (message.__doc__ or "").partition("\n")[0])
        yield from explain(message)


def explain(record: Structure, depth: int = 0) -> Iterator[Line]:
    """Yield a structure's fields as text; bit fields and the fields of records are one level deeper."""
    for name, kind in record.codec.fields.items():
        value = getattr(record, name)
        if isinstance(kind, RecordList):
            for index, entry in enumerate(value):
                yield Line(depth, f"{name}[{index}]", "")
                yield from explain(entry, depth + 1)
        elif isinstance(kind, OptionalRecord):
            if value is not None:
                yield Line(depth, name, "", kind.doc)
                yield from explain(value, depth + 1)
        elif isinstance(kind, IntegerList):
            yield Line(depth, name, ", ".join(_named(entry, kind.names) for entry in value) or "none", kind.doc)
        else:
            yield from _fixed(name, value, kind, depth)


def _fixed(name: str, value: BitFields | int | str, kind: Fixed, depth: int) -> Iterator[Line]:
    if isinstance(value, BitFields):
        yield Line(depth, name, f"{value:#x}", kind.doc)
        yield from _parts(value, depth + 1)
    else:
        yield Line(depth, name, repr(value) if isinstance(value, str) else _named(value, kind.names), kind.doc)


def _parts(word: BitFields, depth: int) -> Iterator[Line]:
    """Yield the bit fields that are not 0 or whose 0 has a name."""
    for part, value in word.items():
        if value or part.names:
            yield Line(depth, part.name, "yes" if value is True else _named(value, part.names), part.doc)
    if word.reserved:
        yield Line(depth, "reserved", f"{word.reserved:#x}", "Bits that must be 0")


def _named(value: int, names: type[IntEnum] | None) -> str:
    """Return a number with its name, if it has one, and in hexadecimal if it is large."""
    if names is not None:
        try:
            return f"{value:#x} {names(value).name.lower()}"
        except ValueError:
            return f"{value:#x}"
    return f"{value} ({value:#x})" if value > 0xFFFF else str(value)
