"""Layouts: how the fields of a message stand in bytes. A message is declared once, as a class:

    @structure
    class ClockRateSetRequest(Request):
        flags: ClockRateSetFlags = word(ClockRateSetFlags, "How to set the rate")
        clock_id: int = u32("The clock")
        rate: int = u64("The rate wanted, in Hz")

`structure` makes it a frozen, slotted dataclass, and compiles the leading fields of fixed size to one little-endian
`struct.Struct`; what follows them (lists, records that may be absent) is read field by field. SCMI packs without
padding. Bytes in, values out, and back: `Structure.decode` and `Structure.encode`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from enum import IntEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, dataclass_transform

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.words import Word

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

METADATA = "xenscmi"


class PayloadError(XenscmiError):
    """Bytes that are no such message (wrong length, a count that lies), or values that no bytes can carry.

    A platform answers such bytes with PROTOCOL_ERROR.
    """

    def __init__(self, structure: str, reason: str) -> None:
        super().__init__(Diagnostic(message=f"{structure}: {reason}"))
        self.structure = structure
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one field stands in bytes: `code` is its struct code, empty for what has no fixed size.

    `convert` makes the value from what struct gives and `revert` undoes it, where they differ. A list has an `element`
    (a struct code or a structure), `count`, the field that says how many there are (none: as many as the bytes hold),
    and `pad`, the multiple of bytes to which it is filled up. A record that may be absent has an `element`, `when`, the
    field that says that it is there, and perhaps `unless`, one that says that it is not there all the same.
    """

    doc: str
    code: str = ""
    convert: type[Word] | Callable[[bytes], str] | None = None
    revert: Callable[[str], bytes] | None = None
    names: type[IntEnum] | None = None
    element: str | type[Structure] = ""
    count: str = ""
    pad: int = 1
    when: str = ""
    unless: str = ""

    @property
    def word(self) -> type[Word] | None:
        """The class of word that this field is, if any."""
        return self.convert if isinstance(self.convert, type) and issubclass(self.convert, Word) else None


def _scalar(code: str, doc: str, names: type[IntEnum] | None = None) -> int:
    return cast(int, field(metadata={METADATA: Kind(code=code, doc=doc, names=names)}))


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
    return cast(W, field(metadata={METADATA: Kind(code=code, doc=doc, convert=kind)}))


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

    return cast(str, field(metadata={METADATA: Kind(code=f"{size}s", doc=doc, convert=_convert_text, revert=revert)}))


def _convert_text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def integers(
    code: str, doc: str, names: type[IntEnum] | None = None, *, count: str = "", pad: int = 1
) -> tuple[int, ...]:
    """Declare a list of integers of one struct code; see `Kind`."""
    kind = Kind(element=code, doc=doc, names=names, count=count, pad=pad)
    return cast("tuple[int, ...]", field(metadata={METADATA: kind}))


S = TypeVar("S", bound="Structure")


def records(element: type[S], doc: str, *, count: str = "") -> tuple[S, ...]:
    """Declare a list of structures; see `Kind`."""
    return cast("tuple[S, ...]", field(metadata={METADATA: Kind(element=element, doc=doc, count=count)}))


def optional(element: type[S], doc: str, *, when: str, unless: str = "") -> S | None:
    """Declare a structure that is there if the field `when` is not 0 and the field `unless` is; see `Kind`."""
    return cast("S | None", field(metadata={METADATA: Kind(element=element, doc=doc, when=when, unless=unless)}))


class Structure:
    """Base of everything that stands in bytes."""

    __slots__ = ()
    layout: ClassVar[Layout]

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the structure from exactly these bytes.

        Raises PayloadError if they are too few or too many, or a count in them lies.
        """
        layout = cls.layout
        if layout.tail:
            values, end = layout.read(payload, 0)
            if end != len(payload):
                raise PayloadError(cls.__name__, f"{end} bytes expected, {len(payload)} given")
            return cls(*values)
        try:
            head = layout.unpack(payload)
        except struct.error:
            raise PayloadError(cls.__name__, f"{layout.size} bytes expected, {len(payload)} given") from None
        return cls(*(layout.converted(head) if layout.converters else head))

    def encode(self) -> bytes:
        """Return the structure's bytes.

        Raises PayloadError if a value does not fit its field, or a list the count that stands beside it.
        """
        layout = self.layout
        try:
            head = layout.pack(*layout.head_values(self))
        except (struct.error, ValueError):
            raise PayloadError(type(self).__name__, layout.misfit(self)) from None
        return head + layout.write_tail(self) if layout.tail else head

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{name: getattr(self, name) for name in self.layout.kinds} | changes)

    @property
    def reserved(self) -> dict[str, int]:
        """The words in which bits are set that the specification reserves, and those bits."""
        return {name: found for name, mask in self.layout.words if (found := getattr(self, name) & mask)}


class Layout:
    """The compiled form of a structure's fields."""

    def __init__(self, owner: type[Structure]) -> None:
        declared = fields(cast("type[DataclassInstance]", owner))
        self.owner = owner.__name__
        self.kinds: dict[str, Kind] = {item.name: item.metadata[METADATA] for item in declared}
        self.head = {name: kind for name, kind in self.kinds.items() if kind.code}
        self.tail = {name: kind for name, kind in self.kinds.items() if not kind.code}
        if list(self.kinds) != [*self.head, *self.tail]:
            raise TypeError(f"{self.owner}: fields of fixed size come first")
        compiled = struct.Struct("<" + "".join(kind.code for kind in self.head.values()))
        self.size = compiled.size
        self.pack, self.unpack, self.unpack_from = compiled.pack, compiled.unpack, compiled.unpack_from
        self.converters = [(index, kind.convert) for index, kind in enumerate(self.head.values()) if kind.convert]
        self.words = [(name, kind.word.reserved_mask) for name, kind in self.head.items() if kind.word]
        self.head_values = self._getter()

    def _getter(self) -> Callable[[Structure], Iterable[int | bytes]]:
        """Return what reads the leading fields as struct wants them; short cuts for the usual ones."""
        names = list(self.head)
        reverts = [kind.revert for kind in self.head.values()]
        if any(reverts):
            return lambda record: [
                revert(getattr(record, name)) if revert else getattr(record, name)
                for name, revert in zip(names, reverts, strict=True)
            ]
        if len(names) > 1:
            return attrgetter(*names)
        return lambda record: [getattr(record, name) for name in names]

    def converted(self, values: Iterable[Any]) -> list[Any]:
        """Return what struct gave as the values of the fields."""
        result = list(values)
        for index, convert in self.converters:
            result[index] = convert(result[index])
        return result

    def read(self, data: bytes, start: int) -> tuple[list[Any], int]:
        """Read the fields from `start` on; return their values and the offset after them."""
        end = start + self.size
        if end > len(data):
            raise PayloadError(self.owner, f"at least {end} bytes expected, {len(data)} given")
        values = self.converted(self.unpack_from(data, start))
        for kind in self.tail.values():
            value, end = self._read_tail(kind, values, data, end)
            values.append(value)
        return values, end

    def _read_tail(self, kind: Kind, values: list[Any], data: bytes, start: int) -> tuple[Any, int]:
        if kind.when:
            assert not isinstance(kind.element, str)
            there = self._lookup(kind.when, values) and not (kind.unless and self._lookup(kind.unless, values))
            return _read_record(kind.element, data, start) if there else (None, start)
        count = self._lookup(kind.count, values) if kind.count else None
        if isinstance(kind.element, str):
            return self._read_integers(kind, count, data, start)
        found: list[Structure] = []
        while len(found) != count and (count is not None or start < len(data)):
            record, start = _read_record(kind.element, data, start)
            found.append(record)
        return tuple(found), start

    def _read_integers(self, kind: Kind, count: int | None, data: bytes, start: int) -> tuple[tuple[int, ...], int]:
        assert isinstance(kind.element, str)
        size = struct.calcsize("<" + kind.element)
        count = (len(data) - start) // size if count is None else count
        end = start + count * size + -count * size % kind.pad
        if end > len(data):
            raise PayloadError(self.owner, f"{count} list entries end at byte {end}, {len(data)} bytes given")
        return struct.unpack_from(f"<{count}{kind.element}", data, start), end

    def _lookup(self, path: str, values: list[Any]) -> int:
        """Return the number that a path such as `num_rates_flags.returned` names."""
        name, _, part = path.partition(".")
        value = values[list(self.head).index(name)]
        return int(getattr(value, part)) if part else int(value)

    def write_tail(self, record: Structure) -> bytes:
        """Return the bytes of the fields that have no fixed size."""
        return b"".join(self._write_field(record, name, kind) for name, kind in self.tail.items())

    def _write_field(self, record: Structure, name: str, kind: Kind) -> bytes:
        value = getattr(record, name)
        if kind.when:
            there = attrgetter(kind.when)(record) and not (kind.unless and attrgetter(kind.unless)(record))
            if bool(there) != (value is not None):
                raise PayloadError(self.owner, f"{kind.when} says that {name} is {'' if there else 'not '}there")
            return b"" if value is None else cast(bytes, value.encode())
        if kind.count and (count := int(attrgetter(kind.count)(record))) != len(value):
            raise PayloadError(self.owner, f"{kind.count} is {count}, but {name} has {len(value)} entries")
        if not isinstance(kind.element, str):
            return b"".join(entry.encode() for entry in value)
        try:
            data = struct.pack(f"<{len(value)}{kind.element}", *value)
        except struct.error as error:
            raise PayloadError(self.owner, f"{name}: {error}") from None
        return data + bytes(-len(data) % kind.pad)

    def misfit(self, record: Structure) -> str:
        """Return which field does not fit, and why."""
        for name, kind in self.head.items():
            value = getattr(record, name)
            try:
                struct.pack("<" + kind.code, kind.revert(value) if kind.revert else value)
            except (struct.error, ValueError) as error:
                return f"{name} cannot be {value!r}: {error}"
        raise AssertionError("every field fits by itself, so all of them do")


def _read_record(element: type[S], data: bytes, start: int) -> tuple[S, int]:
    values, end = element.layout.read(data, start)
    return element(*values), end


@dataclass_transform(
    frozen_default=True, field_specifiers=(u8, u16, u32, i32, u64, i64, word, text, integers, records, optional)
)
def structure(cls: type[S]) -> type[S]:
    """Make a class with declared fields an immutable record with a layout."""
    made = dataclass(frozen=True, slots=True)(cls)
    made.layout = Layout(made)
    return made
