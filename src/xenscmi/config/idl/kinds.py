"""What fields are made of: the kinds that libxl_types.idl names, for the modules of types.

The annotation beside each field says what its values are, hence `Any` here.
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
    """An amount of memory in KiB; MEMKB_DEFAULT means that libxl chooses."""
    return IntegerField(64, False, MEMKB_DEFAULT)


def domid() -> Any:
    """A domain's number."""
    return DomidField(32, False, 0)


def devid() -> Any:
    """A device's number in its domain; -1 where libxl is to choose."""
    return IntegerField(32, True, -1)


def boolean() -> Any:
    """A C bool."""
    return _BOOLEAN


def defbool() -> Any:
    """True, False, or None where libxl is to choose (libxl_defbool)."""
    return _DEFBOOL


def string() -> Any:
    """A string or None (a null pointer)."""
    return _STRING


def uuid() -> Any:
    """16 bytes; all zero where there is none."""
    return _UUID


def mac() -> Any:
    """6 bytes; all zero where libxl is to choose."""
    return _MAC


def bitmap() -> Any:
    """A set of small numbers (libxl_bitmap), as the integer with those bits."""
    return BitmapField(0)


def string_list() -> Any:
    """A tuple of strings."""
    return StringsField(())


def key_value_list() -> Any:
    """A tuple of pairs of strings; the second may be None."""
    return KeyValuesField(())


def ms_vm_genid() -> Any:
    """16 bytes; all zero where there is none."""
    return GenerationIdField(bytes(16))


def enum(default: Enumeration) -> Any:
    """A member of the default's enumeration."""
    return EnumField(type(default), default)


def enum_unset(kind: type[Enumeration]) -> Any:
    """A member of an enumeration in which no member is zero, or None before one is set."""
    return EnumField(kind, None)


def struct(kind: type[Struct]) -> Any:
    """A structure."""
    return StructField(kind)


def array(item: Any) -> Any:
    """A tuple of values of a kind that another of these functions makes."""
    return ArrayField(item)


def array_of(kind: type[Struct]) -> Any:
    """A tuple of structures."""
    return ArrayField(StructField(kind))


def keyed_union(key: str, kinds: Mapping[Any, type[Struct]], default: Enumeration | None) -> Any:
    """One of several structures, or None before one is set; `key` names the field that in libxl says which."""
    return UnionField(key, kinds, default)
