"""Bit fields: words whose groups of bits each have a meaning, such as the flags of a message.

A `BitFields` is the integer that was on the wire, reserved bits included. Whether reserved bits are an error is the
platform's policy, not the codec's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import ClassVar, Self, overload


class Bits:
    """A bit field, bits `high` to `low` (inclusive): an attribute of the word, an unsigned number.

    `doc` gives its meaning, `names` names its values.
    """

    __slots__ = ("doc", "high", "low", "mask", "name", "names")

    def __init__(self, high: int, low: int, doc: str, names: type[IntEnum] | None = None) -> None:
        self.high = high
        self.low = low
        self.doc = doc
        self.names = names
        self.mask = (1 << (high - low + 1)) - 1
        self.name = ""

    def __set_name__(self, owner: type[BitFields], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, word: None, owner: type[BitFields]) -> Self: ...
    @overload
    def __get__(self, word: BitFields, owner: type[BitFields]) -> int: ...
    def __get__(self, word: BitFields | None, owner: type[BitFields]) -> Self | int:
        return self if word is None else (word >> self.low) & self.mask

    def place(self, value: int) -> int:
        """Return a word with this field set to `value` and all other bits 0.

        Raises ValueError if `value` does not fit.
        """
        if not 0 <= value <= self.mask:
            raise ValueError(f"{self.name} is {value}, but must be 0 to {self.mask}")
        return value << self.low


class Bit(Bits):
    """A bit field of one bit: an attribute of the word, a bool."""

    __slots__ = ()

    def __init__(self, bit: int, doc: str) -> None:
        super().__init__(bit, bit, doc)

    @overload
    def __get__(self, word: None, owner: type[BitFields]) -> Self: ...
    @overload
    def __get__(self, word: BitFields, owner: type[BitFields]) -> bool: ...
    def __get__(self, word: BitFields | None, owner: type[BitFields]) -> Self | bool:
        return self if word is None else bool(word >> self.low & 1)


class SignedBits(Bits):
    """A bit field that holds a number in two's complement."""

    __slots__ = ()

    @overload
    def __get__(self, word: None, owner: type[BitFields]) -> Self: ...
    @overload
    def __get__(self, word: BitFields, owner: type[BitFields]) -> int: ...
    def __get__(self, word: BitFields | None, owner: type[BitFields]) -> Self | int:
        if word is None:
            return self
        value = (word >> self.low) & self.mask
        return value - self.mask - 1 if value > self.mask >> 1 else value

    def place(self, value: int) -> int:
        top = self.mask >> 1
        if not ~top <= value <= top:
            raise ValueError(f"{self.name} is {value}, but must be {~top} to {top}")
        return (value & self.mask) << self.low


class BitFields(int):
    """An unsigned integer made of bit fields, which subclasses declare as `Bits`, `Bit` and `SignedBits`.

    `Flags(5)` is the word 5, `Flags.of(round_up=True)` builds a word from its fields. `size` is in bytes.
    """

    __slots__ = ()
    parts: ClassVar[Mapping[str, Bits]] = {}
    size: ClassVar[int] = 4
    reserved_mask: ClassVar[int] = 0xFFFF_FFFF

    def __init_subclass__(cls) -> None:
        cls.parts = {name: part for name, part in vars(cls).items() if isinstance(part, Bits)}
        used = sum(part.mask << part.low for part in cls.parts.values())
        cls.reserved_mask = ((1 << 8 * cls.size) - 1) & ~used

    @classmethod
    def of(cls, **values: int) -> Self:
        """Build a word from its fields; those not given are 0.

        Raises TypeError for an unknown field, ValueError for a value that does not fit.
        """
        word = 0
        for name, value in values.items():
            part = cls.parts.get(name)
            if part is None:
                raise TypeError(f"{cls.__name__} has no field {name}, only {', '.join(cls.parts)}")
            word |= part.place(value)
        return cls(word)

    def replace(self, **values: int) -> Self:
        """Return the word with some fields changed; raises as `of` does."""
        kept = int(self)
        for name in values:
            if name in self.parts:
                kept &= ~(self.parts[name].mask << self.parts[name].low)
        return type(self)(kept | type(self).of(**values))

    @property
    def reserved(self) -> int:
        """The bits that are set although the specification reserves them."""
        return self & self.reserved_mask

    def items(self) -> Iterator[tuple[Bits, int]]:
        """The fields with their values, in the order of their declaration."""
        for part in self.parts.values():
            yield part, getattr(self, part.name)

    def __repr__(self) -> str:
        parts = [f"{part.name}={value}" for part, value in self.items() if value]
        if self.reserved:
            parts.append(f"reserved={self.reserved:#x}")
        return f"{type(self).__name__}({', '.join(parts)})"
