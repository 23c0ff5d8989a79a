"""`Structure`, the base of every class that has bytes; fields made of structures; `Codec`, a class's compiled form."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.codec.fields import METADATA, Fixed, IntegerList, Lookup, check_count

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class PayloadError(XenscmiError):
    """Bytes that are not such a message (wrong length, wrong count), or values that do not fit their fields.

    A platform answers such bytes with PROTOCOL_ERROR.
    """

    def __init__(self, structure: str, reason: str) -> None:
        super().__init__(Diagnostic(message=f"{structure}: {reason}"))
        self.structure = structure
        self.reason = reason


class Structure:
    """Base of every class that has bytes."""

    __slots__ = ()
    codec: ClassVar[Codec]

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the structure from exactly these bytes.

        Raises PayloadError if there are too few or too many bytes, or if a count in them does not match.
        """
        codec = cls.codec
        if codec.tail:
            values, end = codec.read_values(payload, 0)
            if end != len(payload):
                raise PayloadError(cls.__name__, f"{end} bytes expected, {len(payload)} given")
            return cls(*values)
        try:
            head = codec.unpack(payload)
        except struct.error:
            raise PayloadError(cls.__name__, f"{codec.size} bytes expected, {len(payload)} given") from None
        return cls(*(codec.converted(head) if codec.converters else head))

    def encode(self) -> bytes:
        """Return the structure's bytes.

        Raises PayloadError if a value does not fit its field, or if a list does not match its count.
        """
        codec = self.codec
        try:
            head = codec.pack(*codec.head_values(self))
        except (struct.error, ValueError):
            raise PayloadError(type(self).__name__, codec.misfit(self)) from None
        return head + codec.write_tail(self) if codec.tail else head

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.codec.fields)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.codec.fields)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.codec.fields)})"

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{name: getattr(self, name) for name in self.codec.fields} | changes)

    @property
    def reserved(self) -> dict[str, int]:
        """The words that have reserved bits set, with those bits."""
        return {name: found for name, mask in self.codec.words if (found := getattr(self, name) & mask)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """A list of structures of one class; `count` is the path of its length. Without it, the list fills the payload."""

    doc: str
    element: type[Structure]
    count: str = ""

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[tuple[Structure, ...], int]:
        """Return the records that begin at `start`, and their end; raises PayloadError if the data is too short."""
        count = lookup(self.count) if self.count else None
        found: list[Structure] = []
        while len(found) != count and (count is not None or start < len(data)):
            record, start = self.element.codec.read(data, start)
            found.append(record)
        return tuple(found), start

    def write(self, value: tuple[Structure, ...], lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the count differs."""
        check_count(len(value), self.count, lookup)
        return b"".join(record.encode() for record in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalRecord:
    """A structure that is present if the field `when` is not 0 and the field `unless`, if any, is 0."""

    doc: str
    element: type[Structure]
    when: str
    unless: str = ""

    def is_present(self, lookup: Lookup) -> bool:
        """Whether the other fields say that the structure is present."""
        return bool(lookup(self.when)) and not (self.unless and lookup(self.unless))

    def read(self, data: bytes, start: int, lookup: Lookup) -> tuple[Structure | None, int]:
        """Return the record at `start`, None if it is absent, and its end."""
        return self.element.codec.read(data, start) if self.is_present(lookup) else (None, start)

    def write(self, value: Structure | None, lookup: Lookup) -> bytes:
        """Return the bytes; raises ValueError if the record is present and should not be, or the other way round."""
        if self.is_present(lookup) != (value is not None):
            raise ValueError(f"{self.when} says that it is {'present' if value is None else 'absent'}")
        return b"" if value is None else value.encode()


Variable = IntegerList | RecordList | OptionalRecord
"""A field whose size depends on other fields or on the payload's length."""

Field = Fixed | Variable


class Codec:
    """The compiled form of a structure's fields: `head` has those of fixed size, `tail` the others."""

    def __init__(self, owner: type[Structure]) -> None:
        declared = fields(cast("type[DataclassInstance]", owner))
        self.owner = owner
        self.fields: dict[str, Field] = {item.name: item.metadata[METADATA] for item in declared}
        self.head: dict[str, Fixed] = {name: each for name, each in self.fields.items() if isinstance(each, Fixed)}
        self.tail: dict[str, Variable] = {
            name: each for name, each in self.fields.items() if not isinstance(each, Fixed)
        }
        if list(self.fields) != [*self.head, *self.tail]:
            raise TypeError(f"{owner.__name__}: fields of fixed size come first")
        compiled = struct.Struct("<" + "".join(each.code for each in self.head.values()))
        self.size = compiled.size
        self.pack, self.unpack, self.unpack_from = compiled.pack, compiled.unpack, compiled.unpack_from
        self.converters = [(index, each.convert) for index, each in enumerate(self.head.values()) if each.convert]
        self.words = [(name, each.word.reserved_mask) for name, each in self.head.items() if each.word]
        self.head_values = self._getter()

    def _getter(self) -> Callable[[Structure], Iterable[int | bytes]]:
        """Return a function that reads the leading fields for struct; it is faster if none of them is a text."""
        names = list(self.head)
        reverts = [each.revert for each in self.head.values()]
        if any(reverts):
            return lambda record: [
                revert(getattr(record, name)) if revert else getattr(record, name)
                for name, revert in zip(names, reverts, strict=True)
            ]
        if len(names) > 1:
            return attrgetter(*names)
        return lambda record: [getattr(record, name) for name in names]

    def converted(self, values: tuple[Any, ...]) -> list[Any]:
        """Return the values of the fields, given what struct unpacked."""
        result = list(values)
        for index, convert in self.converters:
            result[index] = convert(result[index])
        return result

    def read(self, data: bytes, start: int) -> tuple[Structure, int]:
        """Return the structure that begins at `start`, and its end; raises as `Structure.decode` does."""
        values, end = self.read_values(data, start)
        return self.owner(*values), end

    def read_values(self, data: bytes, start: int) -> tuple[list[object], int]:
        """Return the values of the fields that begin at `start`, and their end; raises as `Structure.decode` does."""
        end = start + self.size
        if end > len(data):
            raise PayloadError(self.owner.__name__, f"at least {end} bytes expected, {len(data)} given")
        values: list[object] = self.converted(self.unpack_from(data, start))
        named = dict(zip(self.head, values, strict=True))
        for each in self.tail.values():
            try:
                value, end = each.read(data, end, lambda path: _number_at(named, path))
            except ValueError as error:
                raise PayloadError(self.owner.__name__, str(error)) from None
            values.append(value)
        return values, end

    def write_tail(self, record: Structure) -> bytes:
        """Return the bytes of the fields of variable size; raises as `Structure.encode` does."""
        data = b""
        for name, each in self.tail.items():
            try:
                data += each.write(getattr(record, name), lambda path: int(attrgetter(path)(record)))
            except (struct.error, ValueError) as error:
                raise PayloadError(self.owner.__name__, f"{name}: {error}") from None
        return data

    def misfit(self, record: Structure) -> str:
        """Return the first field of fixed size that does not fit, and the reason."""
        for name, each in self.head.items():
            value = getattr(record, name)
            try:
                struct.pack("<" + each.code, each.revert(value) if each.revert else value)
            except (struct.error, ValueError) as error:
                reason = f"it must be {_range(each.code)}" if isinstance(value, int) else error
                return f"{name} cannot be {value!r}: {reason}"
        raise AssertionError("every field fits by itself, so all of them do")


def _range(code: str) -> str:
    """Return the numbers that an integer of a struct code can be."""
    bits = 8 * struct.calcsize("<" + code)
    return f"{-(1 << bits - 1)}..{(1 << bits - 1) - 1}" if code.islower() else f"0..{(1 << bits) - 1}"


def _number_at(named: dict[str, object], path: str) -> int:
    name, _, part = path.partition(".")
    value = getattr(named[name], part) if part else named[name]
    assert isinstance(value, int)
    return value


S = TypeVar("S", bound=Structure)


def records(element: type[S], doc: str, *, count: str = "") -> tuple[S, ...]:
    """Declare a list of structures; see `RecordList`."""
    return cast("tuple[S, ...]", field(metadata={METADATA: RecordList(element=element, doc=doc, count=count)}))


def optional(element: type[S], doc: str, *, when: str, unless: str = "") -> S | None:
    """Declare a structure that may be absent; see `OptionalRecord`."""
    made = OptionalRecord(element=element, doc=doc, when=when, unless=unless)
    return cast("S | None", field(metadata={METADATA: made}))
