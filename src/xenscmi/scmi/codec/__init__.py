"""The codec: declare a message once as a class, and get its bytes and its values from it.

    @structure
    class ClockRateSetRequest(Request):
        flags: ClockRateSetFlags = bitfields(ClockRateSetFlags, "How to set the rate")
        clock_id: int = u32("The clock")
        rate: int = u64("The requested rate, in Hz")

`structure` makes the class a frozen, slotted dataclass and compiles its leading fields of fixed size into one
little-endian `struct.Struct`; lists and optional records follow and are read one by one. SCMI packs fields without
padding. `Structure.decode` turns bytes into values, `Structure.encode` turns values into bytes.

- `fields`: integers, names, words of bit fields, lists of integers
- `structure`: `Structure`, lists of structures, structures that may be absent, and the compiled form of a class
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import dataclass_transform

from xenscmi.scmi.codec.fields import (
    Fixed,
    IntegerList,
    bitfields,
    i32,
    i64,
    integers,
    text,
    u8,
    u16,
    u32,
    u64,
)
from xenscmi.scmi.codec.structure import (
    Codec,
    Field,
    OptionalRecord,
    PayloadError,
    RecordList,
    S,
    Structure,
    optional,
    records,
)

__all__ = [
    "Codec",
    "Field",
    "Fixed",
    "IntegerList",
    "OptionalRecord",
    "PayloadError",
    "RecordList",
    "Structure",
    "bitfields",
    "i32",
    "i64",
    "integers",
    "optional",
    "records",
    "structure",
    "text",
    "u8",
    "u16",
    "u32",
    "u64",
]


@dataclass_transform(
    frozen_default=True, field_specifiers=(u8, u16, u32, i32, u64, i64, bitfields, text, integers, records, optional)
)
def structure(cls: type[S]) -> type[S]:
    """Make a class with declared fields an immutable record with a codec.

    `Structure` defines equality, hash and repr for all of them: `dataclass` would compile them for each class anew.
    """
    made = dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)
    made.codec = Codec(made)
    return made
