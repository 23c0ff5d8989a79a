"""The telemetry data capture format: what stands in a SHMTI (DEN0056F, SCMI 4.0 beta, 3.12.4).

A SHMTI begins with a prologue (signature, sequence number, length) and ends with an epilogue (sequence number,
signature); between them stand lines. A reader takes the lines only if both sequence numbers are equal and even.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.bitfields import Bit, BitFields, Bits

START, END = 0x5442474E, 0x54454E44  # "TBGN", "TEND"
SMALLEST = 24  # prologue and epilogue
_PROLOGUE, _EPILOGUE = struct.Struct("<IIII"), struct.Struct("<II")
_LINE, _VALUE, _EXTENSION = struct.Struct("<II"), struct.Struct("<Q"), struct.Struct("<Q")


class LineType(IntEnum):
    """Kinds of lines."""

    DATA = 0
    BLOCK_TIMESTAMP = 1
    REVISION = 2


class LineFlags(BitFields):
    """The first word of a line."""

    type = Bits(7, 4, "Kind of line", LineType)
    use_block_timestamp = Bit(3, "The block timestamp before it holds for the value")
    extended = Bit(2, "The line has 24 bytes, rather than 16")
    timestamp_valid = Bit(1, "The second half of the line is a timestamp")
    data_invalid = Bit(0, "The line has no value")


@dataclass(frozen=True, slots=True)
class TelemetryLine:
    """A line: `identifier` is a data event, or the rate of a block timestamp; `extension` is None in a short line."""

    flags: LineFlags
    identifier: int
    value: int
    extension: int | None


@dataclass(frozen=True, slots=True)
class TelemetryArea:
    """A consistent copy of a SHMTI: its sequence number, the revision of the format, and its lines."""

    sequence: int
    revision: int
    lines: tuple[TelemetryLine, ...]


class TelemetryError(XenscmiError):
    """Bytes that are not a SHMTI, or a copy made while the platform wrote to it."""

    def __init__(self, reason: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=f"SHMTI: {reason}", help=help))


def read_area(data: bytes) -> TelemetryArea:
    """Read a copy of a whole SHMTI. Raises TelemetryError."""
    if len(data) < SMALLEST:
        raise TelemetryError(f"{len(data)} bytes, at least {SMALLEST} are needed")
    start, sequence, qwords, meta = _PROLOGUE.unpack_from(data)
    last, end = _EPILOGUE.unpack_from(data, len(data) - _EPILOGUE.size)
    if (start, end) != (START, END):
        raise TelemetryError(f"the signatures are {start:#x} and {end:#x}, but must be {START:#x} and {END:#x}")
    if sequence & 1 or sequence != last:
        raise TelemetryError(f"the sequence numbers are {sequence:#x} and {last:#x}", "copy it again")
    body = data[_PROLOGUE.size : len(data) - _EPILOGUE.size]
    if qwords * 8 > len(body):
        raise TelemetryError(f"{qwords} quadwords of lines do not fit {len(body)} bytes")
    return TelemetryArea(sequence, meta & 0xFF, tuple(_lines(body[: qwords * 8])))


def _lines(body: bytes) -> Iterator[TelemetryLine]:
    at = 0
    while at < len(body):
        word, identifier = _LINE.unpack_from(body, at)
        flags = LineFlags(word)
        size = 24 if flags.extended else 16
        if at + size > len(body):
            raise TelemetryError(f"the line at byte {at} has {size} bytes, {len(body) - at} are left")
        (value,) = _VALUE.unpack_from(body, at + 8)
        extension = _EXTENSION.unpack_from(body, at + 16)[0] if flags.extended else None
        yield TelemetryLine(flags, identifier, value, extension)
        at += size
