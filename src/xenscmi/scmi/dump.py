"""Dumps of messages: Linux's trace events, and shared memory or messages in hexadecimal.

A line of scmi_msg_dump has a message without its header and, for answers, without the status, which is a column of its
own; the lines of the other events of the group `scmi` say what happened to a message, and have no payload. Hex
dumps are those of hexdump, xxd, od and U-Boot's md, with or without offsets, or plain digits. In some of these, groups
of 4 or 8 digits are bytes in memory order, in others little-endian numbers: the order that gives a message is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.describe import Decoded, Direction, decode
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.shmem import PAYLOAD, ChannelHeader
from xenscmi.source import Source, Span

# "id=%d ch=%02X pt=%02X t=%s msg_id=%02X seq=%04X s=%d pyld=%s" of Linux's include/trace/events/scmi.h; older kernels
# print neither id nor ch. Raw mode writes tags in small letters.
_TRACE = re.compile(
    r"scmi_msg_dump: .*?pt=(?P<pt>[0-9A-F]{2}) t=(?P<tag>\S+) msg_id=(?P<id>[0-9A-F]{2}) seq=(?P<seq>[0-9A-F]{4}) "
    r"s=(?P<status>-?\d{1,10}) pyld=(?P<payload>(?:[0-9a-f]{2})*)(?:\s|$)"
)
# The other events: "pt=%02X msg_id=%02X seq=%04X transfer_id=%X poll=%u"; until 6.1, all numbers are decimal, as
# "transfer_id=%d msg_id=%u protocol_id=%u seq=%u poll=%u".
_EVENT = re.compile(r"scmi_(?P<event>xfer_begin|xfer_response_wait|xfer_end|rx_done|fc_call): (?P<columns>.*)")
_COLUMN = re.compile(r"(?P<name>[a-z_]+)[=:](?P<value>-?[0-9A-Fa-f]{1,10}(?::-?\d{1,10})?)(?=\s|$)")
_EVENTS = {
    "xfer_begin": "sent",
    "xfer_response_wait": "waiting for the answer",
    "xfer_end": "done",
    "rx_done": "received",
    "fc_call": "by a fast channel",
}
_MARK = re.compile(r"scmi_(?:msg_dump|xfer_begin|xfer_response_wait|xfer_end|rx_done|fc_call): ")
_RECEIVED = {0: Direction.RESPONSE, 2: Direction.DELAYED_RESPONSE, 3: Direction.NOTIFICATION}
_TAGS = {
    "CMND": (MessageType.COMMAND, Direction.REQUEST),
    "RESP": (MessageType.COMMAND, Direction.RESPONSE),
    "DLYD": (MessageType.DELAYED_RESPONSE, Direction.DELAYED_RESPONSE),
    "NOTI": (MessageType.NOTIFICATION, Direction.NOTIFICATION),
}
_WITH_OFFSET = re.compile(r"(?:0x)?(?P<offset>[0-9A-Fa-f]{4,16}):\s*(?P<groups>.*)")
_GROUP = re.compile(r"(?:0x)?(?:[0-9A-Fa-f]{2})+")
_LARGEST = 0x10000  # limit of a dump, in bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A message found in a text, and its place."""

    decoded: Decoded
    span: Span


@dataclass(frozen=True, slots=True)
class _HexLine:
    """One line of a hex dump: its offset, if it has one, and its bytes. A line `*` has neither."""

    groups: tuple[str, ...]
    offset: int | None = None

    def data(self, *, little_endian: bool) -> bytes:
        """Return the bytes; groups of up to 16 digits are numbers if `little_endian` or if they begin with 0x."""
        parts = []
        for group in self.groups:
            digits = group.removeprefix("0x")
            number = len(digits) <= 16 and (little_endian or digits != group)
            part = bytes.fromhex(digits)
            parts.append(part[::-1] if number else part)
        return b"".join(parts)


def decode_text(source: Source) -> Iterator[Found]:
    """Find and read the messages in a text; lines that are neither traces nor hexadecimal are ignored.

    Raises XenscmiError for an incomplete trace line, for a hex dump that is neither a shared-memory area nor a message,
    and for a text that has neither.
    """
    for found in decode_each(source):
        if isinstance(found, XenscmiError):
            raise found
        yield found


def decode_each(source: Source) -> Iterator[Found | XenscmiError]:
    """Yield what `decode_text` yields, and continue after errors: they are yielded, not raised."""
    none = True
    for span, lines in _blocks(source):
        none = False
        try:
            yield Found(_decode_dump(lines, span) if lines else _decode_line(span), span)
        except XenscmiError as error:
            yield error
    if none:
        yield XenscmiError(
            Diagnostic(
                message="no SCMI message found",
                span=Span(source, 0, 0),
                help="give lines of Linux's scmi trace events, or shared memory as hexdump -C, xxd or od print it",
            )
        )


def _blocks(source: Source) -> Iterator[tuple[Span, list[_HexLine]]]:
    """Yield each trace line, with an empty list, and each run of hex lines."""
    run: list[_HexLine] = []
    start = at = 0
    for text in source.text.split("\n"):
        line = _hex_line(text, run)
        if line is None:
            if run:
                yield Span(source, start, at - 1), run
                run = []
            if _MARK.search(text):
                yield Span(source, at, at + len(text)), []
        else:
            start = start if run else at
            run.append(line)
        at += len(text) + 1
    if run:
        yield Span(source, start, len(source.text)), run


def _hex_line(text: str, before: list[_HexLine]) -> _HexLine | None:
    """Read a line of a hex dump; None for any other line.

    The column of characters is dropped: hexdump puts it between bars, od after `>`, xxd and md after two blanks.
    Without a colon, the first group is an offset if its length differs from the second's, as with hexdump and od;
    od's offsets have seven octal digits.
    """
    text = text.partition("|")[0].partition(">")[0].strip()
    if text == "*":
        return _HexLine(()) if before else None
    offset = None
    if with_offset := _WITH_OFFSET.fullmatch(text):
        offset = int(with_offset["offset"], 16)
        text = re.split(r"\s{2,}", with_offset["groups"])[0]
    groups = text.split()
    if offset is None and groups and re.fullmatch("[0-9A-Fa-f]{4,16}", groups[0]):
        first = groups[0]
        after_offsets = bool(before) and before[0].offset is not None
        if after_offsets if len(groups) == 1 else len(first) != len(groups[1]):
            offset = int(first, 8 if re.fullmatch("[0-7]{7}", first) else 16)
            groups = groups[1:]
    if (not groups and offset is None) or not all(_GROUP.fullmatch(group) for group in groups):
        return None
    return _HexLine(tuple(groups), offset)


def _assemble(lines: list[_HexLine], *, little_endian: bool) -> bytes:
    """Return the bytes of a dump. A line `*` repeats the line before it up to the next offset."""
    data = b""
    base = lines[0].offset or 0
    previous, repeated = b"", False
    for line in lines:
        if repeated and previous and line.offset is not None:
            missing = min(line.offset - base, _LARGEST) - len(data)
            data += (previous * (missing // len(previous) + 1))[: max(missing, 0)]
        repeated = not line.groups and line.offset is None
        previous = line.data(little_endian=little_endian) or previous
        data += line.data(little_endian=little_endian)
        if len(data) >= _LARGEST:
            break
    return data


def _decode_dump(lines: list[_HexLine], span: Span) -> Decoded:
    readings = [_assemble(lines, little_endian=False), _assemble(lines, little_endian=True)]
    for data in readings:
        if len(data) >= 4 and _is_header(header := Header(int.from_bytes(data[:4], "little"))):
            return decode(header, data[4:])
    for data in readings:
        if (decoded := _decode_area(data)) is not None:
            return decoded
    raise XenscmiError(
        Diagnostic(
            message="neither a shared-memory area nor an SCMI message",
            span=span,
            label=f"{len(readings[0])} bytes",
            help=f"dump the area from its start, at least {PAYLOAD} bytes, or a message from its header on",
        )
    )


def _is_header(header: Header) -> bool:
    known = header.protocol_id in set(ProtocolId) or header.protocol_id >= 0x80
    return known and not header.reserved and header.message_type in set(MessageType)


def _decode_area(data: bytes) -> Decoded | None:
    """Read a shared-memory area; None if the bytes are not one."""
    if len(data) < PAYLOAD:
        return None
    channel = ChannelHeader.decode(data[:PAYLOAD])
    status, header = channel.channel_status, channel.message_header
    if status.reserved:
        return None
    if status.free and not channel.length:
        return Decoded(header=header, payload=b"", direction=Direction.REQUEST, channel=channel)
    if not 4 <= channel.length <= _LARGEST or not _is_header(header):
        return None
    payload = data[PAYLOAD : PAYLOAD + channel.length - 4]
    # A platform that sets the error bit leaves the request in the area.
    decoded = decode(header, payload, Direction.RESPONSE if status.free and not status.error else Direction.REQUEST)
    if len(payload) < channel.length - 4:
        cut = f"the dump ends after {len(payload)} of {channel.length - 4} bytes of payload"
        return replace(decoded, channel=channel, message=None, problem=cut)
    return replace(decoded, channel=channel)


def _decode_line(span: Span) -> Decoded:
    return _decode_trace(span) if "scmi_msg_dump: " in span.text else _decode_event(span)


def _decode_event(span: Span) -> Decoded:
    """Read the line of an event without payload."""
    found = _EVENT.search(span.text)
    columns = {each["name"]: each["value"] for each in _COLUMN.finditer(found["columns"])} if found else {}
    base = 16 if "pt" in columns else 10
    try:
        protocol_id, message_id = int(columns.get("pt") or columns["protocol_id"], base), int(columns["msg_id"], base)
        token = int("0" if "res_id" in columns else columns["seq"], base) & Header.token.mask
        message_type = int(columns.get("msg_type", "0"))
        header = Header.of(protocol_id=protocol_id, message_id=message_id, message_type=message_type, token=token)
    except (KeyError, ValueError):
        raise XenscmiError(
            Diagnostic(
                message="this trace line is incomplete or damaged",
                span=span,
                help="copy the whole line, up to its last column: pt=… msg_id=… seq=…",
            )
        ) from None
    assert found is not None
    text = _EVENTS[found["event"]]
    status = columns.get("status", columns.get("s", "0"))
    if status != "0":
        text += f", error {status}"
    if wait := columns.get("timeout") or columns.get("tmo_ms"):
        text += f", at most {wait} ms"
    if columns.get("poll") == "1":
        text += ", polling"
    if "res_id" in columns:
        text += f" of resource {columns['res_id']}: {columns.get('vals', '').replace(':', ', ')}"
    direction = _RECEIVED.get(message_type, Direction.RESPONSE) if found["event"] == "rx_done" else Direction.REQUEST
    row = decode(header, b"", direction).row
    return Decoded(header=header, payload=b"", direction=direction, row=row, event=text)


def _decode_trace(span: Span) -> Decoded:
    found = _TRACE.search(span.text)
    status = int(found["status"]) if found else 0
    if found is None or not -(2**31) <= status < 2**31:
        raise XenscmiError(
            Diagnostic(
                message="this scmi_msg_dump line is incomplete or damaged",
                span=span,
                help="copy the whole line, up to the payload: pt=… t=… msg_id=… seq=… s=… pyld=…",
            )
        )
    message_type, direction = _TAGS.get(found["tag"].upper(), (MessageType.COMMAND, None))
    token = int(found["seq"], 16) & Header.token.mask
    header = Header.of(
        protocol_id=int(found["pt"], 16), message_id=int(found["id"], 16), message_type=message_type, token=token
    )
    payload = bytes.fromhex(found["payload"])
    if direction in (Direction.RESPONSE, Direction.DELAYED_RESPONSE):
        payload = status.to_bytes(4, "little", signed=True) + payload
    return decode(header, payload, direction)
