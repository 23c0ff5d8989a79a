"""Layouts: how the fields of a message stand in bytes. A message is declared once, as a class:

    @structure
    class ClockRateSetRequest(Request):
        flags: ClockRateSetFlags = word(ClockRateSetFlags, "How to set the rate")
        clock_id: int = u32("The clock")
        rate: int = u64("The rate wanted, in Hz")

`structure` makes it a frozen, slotted dataclass, and compiles the leading fields of fixed size to one little-endian
`struct.Struct`; what follows them is read field by field. SCMI packs without padding. Bytes in, values out, and back:
`Structure.decode` and `Structure.encode`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, dataclass_transform

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.kinds import (
    METADATA,
    Fixed,
    Kind,
    S,
    i32,
    i64,
    integers,
    optional,
    records,
    text,
    u8,
    u16,
    u32,
    u64,
    word,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class PayloadError(XenscmiError):
    """Bytes that are no such message (wrong length, a count that lies), or values that no bytes can carry.

    A platform answers such bytes with PROTOCOL_ERROR.
    """

    def __init__(self, structure: str, reason: str) -> None:
        super().__init__(Diagnostic(message=f"{structure}: {reason}"))
        self.structure = structure
        self.reason = reason


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
            values, end = layout.read_values(payload, 0)
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

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.layout.kinds)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.layout.kinds)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.layout.kinds)})"

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{name: getattr(self, name) for name in self.layout.kinds} | changes)

    @property
    def reserved(self) -> dict[str, int]:
        """The words in which bits are set that the specification reserves, and those bits."""
        return {name: found for name, mask in self.layout.words if (found := getattr(self, name) & mask)}


class Layout:
    """The compiled form of a structure's fields: `head` are those of fixed size, `tail` what follows them."""

    def __init__(self, owner: type[Structure]) -> None:
        declared = fields(cast("type[DataclassInstance]", owner))
        self.owner = owner
        self.kinds: dict[str, Kind] = {item.name: item.metadata[METADATA] for item in declared}
        self.head = {name: kind for name, kind in self.kinds.items() if isinstance(kind, Fixed)}
        self.tail = {name: kind for name, kind in self.kinds.items() if not isinstance(kind, Fixed)}
        if list(self.kinds) != [*self.head, *self.tail]:
            raise TypeError(f"{owner.__name__}: fields of fixed size come first")
        compiled = struct.Struct("<" + "".join(kind.code for kind in self.head.values()))
        self.size = compiled.size
        self.pack, self.unpack, self.unpack_from = compiled.pack, compiled.unpack, compiled.unpack_from
        self.converters = [(index, kind.convert) for index, kind in enumerate(self.head.values()) if kind.convert]
        self.words = [(name, kind.word.reserved_mask) for name, kind in self.head.items() if kind.word]
        self.head_values = self._getter()

    def _getter(self) -> Callable[[Structure], Iterable[int | bytes]]:
        """Return what reads the leading fields as struct wants them; a short cut where none is a text."""
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

    def converted(self, values: tuple[Any, ...]) -> list[Any]:
        """Return what struct gave as the values of the fields."""
        result = list(values)
        for index, convert in self.converters:
            result[index] = convert(result[index])
        return result

    def read(self, data: bytes, start: int) -> tuple[Structure, int]:
        """Return the structure that stands at `start`, and where it ends; raises as `Structure.decode` does."""
        values, end = self.read_values(data, start)
        return self.owner(*values), end

    def read_values(self, data: bytes, start: int) -> tuple[list[object], int]:
        """Return the values of the fields from `start` on, and where they end; raises as `Structure.decode` does."""
        end = start + self.size
        if end > len(data):
            raise PayloadError(self.owner.__name__, f"at least {end} bytes expected, {len(data)} given")
        values: list[object] = self.converted(self.unpack_from(data, start))
        named = dict(zip(self.head, values, strict=True))
        for kind in self.tail.values():
            try:
                value, end = kind.read(data, end, lambda path: _part(named, path))
            except ValueError as error:
                raise PayloadError(self.owner.__name__, str(error)) from None
            values.append(value)
        return values, end

    def write_tail(self, record: Structure) -> bytes:
        """Return the bytes of the fields that have no fixed size; raises as `Structure.encode` does."""
        data = b""
        for name, kind in self.tail.items():
            try:
                data += kind.write(getattr(record, name), lambda path: int(attrgetter(path)(record)))
            except (struct.error, ValueError) as error:
                raise PayloadError(self.owner.__name__, f"{name}: {error}") from None
        return data

    def misfit(self, record: Structure) -> str:
        """Return which field of fixed size does not fit, and why."""
        for name, kind in self.head.items():
            value = getattr(record, name)
            try:
                struct.pack("<" + kind.code, kind.revert(value) if kind.revert else value)
            except (struct.error, ValueError) as error:
                return f"{name} cannot be {value!r}: {error}"
        raise AssertionError("every field fits by itself, so all of them do")


def _part(named: dict[str, object], path: str) -> int:
    name, _, part = path.partition(".")
    value = getattr(named[name], part) if part else named[name]
    assert isinstance(value, int)
    return value


@dataclass_transform(
    frozen_default=True, field_specifiers=(u8, u16, u32, i32, u64, i64, word, text, integers, records, optional)
)
def structure(cls: type[S]) -> type[S]:
    """Make a class with declared fields an immutable record with a layout.

    What `Structure` does for all of them is not left to `dataclass`, which compiles it anew for every one of them.
    """
    made = dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)
    made.layout = Layout(made)
    return made
