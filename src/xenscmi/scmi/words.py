"""Words: integers on the wire of which groups of bits have a meaning, such as a message's flags.

A `Word` stays the integer that was on the wire, bits that the specification reserves included: whether those are an
error is the platform's policy, not the codec's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import ClassVar, Self, overload


class Bits:
    """Bits `high` to `low` (inclusive) of a word: read as an attribute of the word, an unsigned number.

    `doc` says what they mean, `names` what their values are called.
    """

    __slots__ = ("doc", "high", "low", "mask", "name", "names")

    def __init__(self, high: int, low: int, doc: str, names: type[IntEnum] | None = None) -> None:
        self.high = high
        self.low = low
        self.doc = doc
        self.names = names
        self.mask = (1 << (high - low + 1)) - 1
        self.name = ""

    def __set_name__(self, owner: type[Word], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, word: None, owner: type[Word]) -> Self: ...
    @overload
    def __get__(self, word: Word, owner: type[Word]) -> int: ...
    def __get__(self, word: Word | None, owner: type[Word]) -> Self | int:
        return self if word is None else (word >> self.low) & self.mask

    def place(self, value: int) -> int:
        """Return the word in which these bits are `value` and all others 0.

        Raises ValueError if `value` does not fit.
        """
        if not 0 <= value <= self.mask:
            raise ValueError(f"{self.name} is {value}, but must be 0 to {self.mask}")
        return value << self.low


class Bit(Bits):
    """One bit of a word: read as an attribute of the word, a bool."""

    __slots__ = ()

    def __init__(self, bit: int, doc: str) -> None:
        super().__init__(bit, bit, doc)

    @overload
    def __get__(self, word: None, owner: type[Word]) -> Self: ...
    @overload
    def __get__(self, word: Word, owner: type[Word]) -> bool: ...
    def __get__(self, word: Word | None, owner: type[Word]) -> Self | bool:
        return self if word is None else bool(word >> self.low & 1)


class SignedBits(Bits):
    """Bits that hold a number in two's complement."""

    __slots__ = ()

    @overload
    def __get__(self, word: None, owner: type[Word]) -> Self: ...
    @overload
    def __get__(self, word: Word, owner: type[Word]) -> int: ...
    def __get__(self, word: Word | None, owner: type[Word]) -> Self | int:
        if word is None:
            return self
        value = (word >> self.low) & self.mask
        return value - self.mask - 1 if value > self.mask >> 1 else value

    def place(self, value: int) -> int:
        top = self.mask >> 1
        if not ~top <= value <= top:
            raise ValueError(f"{self.name} is {value}, but must be {~top} to {top}")
        return (value & self.mask) << self.low


class Word(int):
    """An unsigned integer with named groups of bits: subclasses declare them as `Bits` and `Bit`.

    `Flags(5)` is the word 5, `Flags.of(round_up=True)` one built from its parts. `size` is in bytes.
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
        """Build a word from parts; those not given are 0.

        Raises TypeError for a part that there is not, ValueError for a value that does not fit.
        """
        word = 0
        for name, value in values.items():
            part = cls.parts.get(name)
            if part is None:
                raise TypeError(f"{cls.__name__} has no part {name}, only {', '.join(cls.parts)}")
            word |= part.place(value)
        return cls(word)

    def replace(self, **values: int) -> Self:
        """Return the word with some parts changed; raises as `of` does."""
        kept = int(self)
        for name in values:
            if name in self.parts:
                kept &= ~(self.parts[name].mask << self.parts[name].low)
        return type(self)(kept | type(self).of(**values))

    @property
    def reserved(self) -> int:
        """The set bits to which the specification gives no meaning."""
        return self & self.reserved_mask

    def items(self) -> Iterator[tuple[Bits, int]]:
        """The parts with their values, as declared."""
        for part in self.parts.values():
            yield part, getattr(self, part.name)

    def __repr__(self) -> str:
        parts = [f"{part.name}={value}" for part, value in self.items() if value]
        if self.reserved:
            parts.append(f"reserved={self.reserved:#x}")
        return f"{type(self).__name__}({', '.join(parts)})"
