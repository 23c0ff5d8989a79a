"""Kinds of fields, and how to declare a field of each; see `layout` for what is made of them.

A kind of fixed size is a part of its structure's `struct.Struct`. The others read and write themselves: lists, whose
length stands in another field or is given by the payload's end, and records that another field says are there. Other
fields are found by a path: a field's name, or a word's and one of its parts (`num_rates_flags.returned`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar, cast

from xenscmi.scmi.words import Word

if TYPE_CHECKING:
    from xenscmi.scmi.layout import Structure

METADATA = "xenscmi"

Lookup = Callable[[str], int]
"""Finds the number that a path names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A field of fixed size: `code` is its struct code.

    `convert` makes the value from what struct gives and `revert` undoes it, where they differ. `names` are the names of
    a number's values.
    """

    doc: str
    code: str
    convert: type[Word] | Callable[[bytes], str] | None = None
    revert: Callable[[str], bytes] | None = None
    names: type[IntEnum] | None = None

    @property
    def word(self) -> type[Word] | None:
        """The class of word that this field is, if any."""
        return self.convert if isinstance(self.convert, type) and issubclass(self.convert, Word) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerList:
    """Integers of one struct code, `count` of them, filled up with zeros to a multiple of `pad` bytes.

    Without a count, there are as many as the payload holds.
    """

    doc: str
    code: str
    names: type[IntEnum] | None = None
    count: str = ""
    pad: int = 1

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[tuple[int, ...], int]:
        """Return the integers from `start` on, and where they end; raises ValueError if that is past the data."""
        size = struct.calcsize("<" + self.code)
        count = lookup(self.count) if self.count else (len(data) - start) // size
        end = start + count * size + -count * size % self.pad
        if end > len(data):
            raise ValueError(f"{count} list entries end at byte {end}, {len(data)} bytes given")
        return struct.unpack_from(f"<{count}{self.code}", data, start), end

    def write(self, value: tuple[int, ...], lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the count is another one, struct.error if an integer does not fit."""
        _check_count(len(value), self.count, lookup)
        data = struct.pack(f"<{len(value)}{self.code}", *value)
        return data + bytes(-len(data) % self.pad)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """Structures of one class, `count` of them; without a count, as many as the payload holds."""

    doc: str
    element: type[Structure]
    count: str = ""

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[tuple[Structure, ...], int]:
        """Return the records from `start` on, and where they end."""
        count = lookup(self.count) if self.count else None
        found: list[Structure] = []
        while len(found) != count and (count is not None or start < len(data)):
            record, start = self.element.layout.read(data, start)
            found.append(record)
        return tuple(found), start

    def write(self, value: tuple[Structure, ...], lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the count is another one."""
        _check_count(len(value), self.count, lookup)
        return b"".join(record.encode() for record in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalRecord:
    """A structure that is there if `when` is not 0, unless `unless` is not 0 either."""

    doc: str
    element: type[Structure]
    when: str
    unless: str = ""

    def there(self, lookup: Lookup) -> bool:
        """Whether the other fields say that it is there."""
        return bool(lookup(self.when)) and not (self.unless and lookup(self.unless))

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[Structure | None, int]:
        """Return the record at `start`, if it is there, and where it ends."""
        return self.element.layout.read(data, start) if self.there(lookup) else (None, start)

    def write(self, value: Structure | None, lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the record is there and should not be, or the other way round."""
        if self.there(lookup) != (value is not None):
            raise ValueError(f"{self.when} says that it is {'' if value is None else 'not '}there")
        return b"" if value is None else value.encode()


Tail = IntegerList | RecordList | OptionalRecord
Kind = Fixed | Tail


def _check_count(length: int, path: str, lookup: Lookup) -> None:
    if path and lookup(path) != length:
        raise ValueError(f"{length} entries, but {path} is {lookup(path)}")


def _scalar(code: str, doc: str, names: type[IntEnum] | None = None) -> int:
    return cast(int, field(metadata={METADATA: Fixed(code=code, doc=doc, names=names)}))


def u8(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned field of 8 bits; `names` are the names of its values."""
    return _scalar("B", doc, names)


def u16(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned field of 16 bits; `names` are the names of its values."""
    return _scalar("H", doc, names)


def u32(doc: str, names: type[IntEnum] | None = None) -> int:
    """Declare an unsigned field of 32 bits; `names` are the names of its values."""
    return _scalar("I", doc, names)


def i32(doc: str) -> int:
    """Declare a signed field of 32 bits."""
    return _scalar("i", doc)


def u64(doc: str) -> int:
    """Declare an unsigned field of 64 bits: in the specification, a pair of words, the low one first."""
    return _scalar("Q", doc)


def i64(doc: str) -> int:
    """Declare a signed field of 64 bits: in the specification, a pair of words, the low one first."""
    return _scalar("q", doc)


W = TypeVar("W", bound=Word)


def word(kind: type[W], doc: str) -> W:
    """Declare a field with named groups of bits."""
    code = {1: "B", 2: "H", 4: "I"}[kind.size]
    return cast(W, field(metadata={METADATA: Fixed(code=code, doc=doc, convert=kind)}))


def text(size: int, doc: str) -> str:
    """Declare a name of at most `size` bytes, filled up with NULs.

    The specification wants a NUL at its end; agents do without. What follows the first NUL is not kept. Bytes that are
    no UTF-8 become lone surrogates, and bytes again.
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
    kind = IntegerList(code=code, doc=doc, names=names, count=count, pad=pad)
    return cast("tuple[int, ...]", field(metadata={METADATA: kind}))


S = TypeVar("S", bound="Structure")


def records(element: type[S], doc: str, *, count: str = "") -> tuple[S, ...]:
    """Declare a list of structures; see `Kind`."""
    return cast("tuple[S, ...]", field(metadata={METADATA: RecordList(element=element, doc=doc, count=count)}))


def optional(element: type[S], doc: str, *, when: str, unless: str = "") -> S | None:
    """Declare a structure that is there if the field `when` is not 0 and the field `unless` is; see `Kind`."""
    return cast(
        "S | None", field(metadata={METADATA: OptionalRecord(element=element, doc=doc, when=when, unless=unless)})
    )
