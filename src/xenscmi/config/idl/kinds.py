"""The kinds of fields that libxl_types.idl names, as functions for the modules of types.

They return `Any` because each field has an annotation with the type of its values.
"""

from __future__ import annotations

from xenscmi.config.constants import MEMKB_DEFAULT
from xenscmi.config.idl.field import (
    BitmapField,
    BooleanField,
    BytesField,
    DefboolField,
    DomidField,
    EnumField,
    GenerationIdField,
    IntegerField,
    KeyValuesField,
    StringField,
    StringsField,
)
from xenscmi.config.idl.struct import ArrayField, StructField, UnionField

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from xenscmi.config.idl.enumeration import Enumeration
    from xenscmi.config.idl.struct import Struct

_STRING, _DEFBOOL, _BOOLEAN = StringField(None), DefboolField(None), BooleanField(False)
_UUID = BytesField(16, (8, 4, 4, 4, 12), "-", "a UUID")
_MAC = BytesField(6, (2,) * 6, ":", "a MAC address")


def integer(default: int = 0) -> Any:
    """A C int."""
    return IntegerField(32, True, default)


def uint8(default: int = 0) -> Any:
    """An unsigned 8-bit number."""
    return IntegerField(8, False, default)


def uint32(default: int = 0) -> Any:
    """An unsigned 32-bit number."""
    return IntegerField(32, False, default)


def uint64(default: int = 0) -> Any:
    """An unsigned 64-bit number."""
    return IntegerField(64, False, default)


def memkb() -> Any:
    """An amount of memory in KiB; MEMKB_DEFAULT if libxl is to choose."""
    return IntegerField(64, False, MEMKB_DEFAULT)


def domid() -> Any:
    """A domain's number."""
    return DomidField(32, False, 0)


def devid() -> Any:
    """A device's number in its domain; -1 if libxl is to choose."""
    return IntegerField(32, True, -1)


def boolean() -> Any:
    """A C bool."""
    return _BOOLEAN


def defbool() -> Any:
    """True, False, or None if libxl is to choose (libxl_defbool)."""
    return _DEFBOOL


def string() -> Any:
    """A string or None (a null pointer)."""
    return _STRING


def uuid() -> Any:
    """16 bytes; all zero if there is none."""
    return _UUID


def mac() -> Any:
    """6 bytes; all zero if libxl is to choose."""
    return _MAC


def bitmap() -> Any:
    """A set of small numbers (libxl_bitmap), as an integer with these bits set."""
    return BitmapField(0)


def string_list() -> Any:
    """A tuple of strings."""
    return StringsField(())


def key_value_list() -> Any:
    """A tuple of pairs of strings; the second may be None."""
    return KeyValuesField(())


def ms_vm_genid() -> Any:
    """16 bytes; all zero if there is none."""
    return GenerationIdField(bytes(16))


def enum(default: Enumeration) -> Any:
    """A member of the default's enumeration."""
    return EnumField(type(default), default)


def enum_unset(kind: type[Enumeration]) -> Any:
    """A member of an enumeration that has no member of value zero; None until one is set."""
    return EnumField(kind, None)


def struct(kind: type[Struct]) -> Any:
    """A structure."""
    return StructField(kind)


def array(item: Any) -> Any:
    """A tuple of values; `item` is made by another of these functions."""
    return ArrayField(item)


def array_of(kind: type[Struct]) -> Any:
    """A tuple of structures."""
    return ArrayField(StructField(kind))


def keyed_union(key: str, kinds: Mapping[Any, type[Struct]], default: Enumeration | None) -> Any:
    """One of several structures, None until one is set; `key` is the name of libxl's enumerator that selects it."""
    return UnionField(key, kinds, default)
