"""Fields that need no other structure: integers, names, words of bit fields, and lists of integers.

A field of fixed size becomes part of its structure's `struct.Struct`. Other fields read and write themselves; their
length is given by another field or by the end of the payload. A path names that other field: `num_protocols`, or a bit
field of it, `num_rates_flags.returned`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar, cast

from xenscmi.scmi.bitfields import BitFields

METADATA = "xenscmi"

Lookup = Callable[[str], int]
"""Returns the number that a path names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A field of fixed size: `code` is its struct code.

    `convert` turns the value that struct unpacks into the field's value, `revert` does the opposite, where they differ.
    `names` names the values of a number.
    """

    doc: str
    code: str
    convert: type[BitFields] | Callable[[bytes], str] | None = None
    revert: Callable[[str], bytes] | None = None
    names: type[IntEnum] | None = None

    @property
    def word(self) -> type[BitFields] | None:
        """The class of the field's value if that is a word of bit fields."""
        return self.convert if isinstance(self.convert, type) and issubclass(self.convert, BitFields) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerList:
    """A list of integers of one struct code, padded with zeros to a multiple of `pad` bytes.

    `count` is the path of the number of integers; without it, the list fills the payload.
    """

    doc: str
    code: str
    names: type[IntEnum] | None = None
    count: str = ""
    pad: int = 1

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[tuple[int, ...], int]:
        """Return the integers that begin at `start`, and their end; raises ValueError if the data is too short."""
        size = struct.calcsize("<" + self.code)
        count = lookup(self.count) if self.count else (len(data) - start) // size
        end = start + count * size + -count * size % self.pad
        if end > len(data):
            raise ValueError(f"{count} list entries end at byte {end}, {len(data)} bytes given")
        return struct.unpack_from(f"<{count}{self.code}", data, start), end

    def write(self, value: tuple[int, ...], lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the count differs, struct.error if an integer does not fit."""
        check_count(len(value), self.count, lookup)
        data = struct.pack(f"<{len(value)}{self.code}", *value)
        return data + bytes(-len(data) % self.pad)


def check_count(length: int, path: str, lookup: Lookup) -> None:
    """Raise ValueError if the field that `path` names does not hold `length`."""
    if path and lookup(path) != length:
        raise ValueError(f"{length} entries, but {path} is {lookup(path)}")


def _scalar(code: str, doc: str, names: type[IntEnum] | None = None) -> int:
    return cast(int, field(metadata={METADATA: Fixed(code=code, doc=doc, names=names)}))


def u8(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned 8-bit field; `names` names its values."""
    return _scalar("B", doc, names)


def u16(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned 16-bit field; `names` names its values."""
    return _scalar("H", doc, names)


def u32(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned 32-bit field; `names` names its values."""
    return _scalar("I", doc, names)


def i32(doc: str) -> int:
    """Declare a signed 32-bit field."""
    return _scalar("i", doc)


def u64(doc: str) -> int:
    """Declare an unsigned 64-bit field; the specification shows a pair of 32-bit words, the low one first."""
    return _scalar("Q", doc)


def i64(doc: str) -> int:
    """Declare a signed 64-bit field; the specification shows a pair of 32-bit words, the low one first."""
    return _scalar("q", doc)


W = TypeVar("W", bound=BitFields)


def bitfields(word: type[W], doc: str) -> W:
    """Declare a word of bit fields."""
    code = {1: "B", 2: "H", 4: "I"}[word.size]
    return cast(W, field(metadata={METADATA: Fixed(code=code, doc=doc, convert=word)}))


def text(size: int, doc: str) -> str:
    """Declare a name of at most `size` bytes, padded with NULs.

    The specification requires a final NUL; a name without it is accepted. Bytes after the first NUL are dropped. Bytes
    that are not UTF-8 become lone surrogates, and are encoded as the same bytes again.
    """

    def revert(value: str) -> bytes:
        data = value.encode("utf-8", "surrogateescape")
        if len(data) > size or b"\0" in data:
            raise ValueError(f"{value!r} is not a name of at most {size} bytes without NUL")
        return data

    return cast(str, field(metadata={METADATA: Fixed(code=f"{size}s", doc=doc, convert=_convert_text, revert=revert)}))


def _convert_text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def integers(
    code: str, doc: str, names: type[IntEnum] | None = None, *, count: str = "", pad: int = 1
) -> tuple[int, ...]:
    """Declare a list of integers of one struct code; see `IntegerList`."""
    made = IntegerList(code=code, doc=doc, names=names, count=count, pad=pad)
    return cast("tuple[int, ...]", field(metadata={METADATA: made}))
