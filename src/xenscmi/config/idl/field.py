"""The kinds of values that libxl's fields have (tools/libs/light/idl.py), and how each is written in libxl's JSON.

Each field knows its default (libxl's initial value), the width to which an assignment in C truncates a value, and its
JSON in both directions.
"""

from __future__ import annotations

from xenscmi.xlcfg.numbers import LONG_MAX, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from xenscmi.config.idl.enumeration import Enumeration


class Refused(Exception):
    """libxl refuses a JSON value. `steps` are the names and indexes that lead to it; `reason` is why."""

    def __init__(self, reason: str, *steps: str | int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps = steps

    def within(self, step: str | int) -> Refused:
        """Return the same refusal as seen from one level further up."""
        return Refused(self.reason, step, *self.steps)

    @property
    def path(self) -> str:
        """The steps as text, such as `nics[1].mac`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps).lstrip(".")


class Field:
    """One kind of field, with its default. libxl skips an entry of JSON that is not of the type `json`."""

    json: type | tuple[type, ...] = object
    wanted = "a value"

    def __init__(self, default: object) -> None:
        self.default = default

    def wrap(self, value: Any) -> Any:
        """Return the value as C stores it."""
        return value

    def dump(self, value: Any) -> Any:
        return value

    def load(self, json: Any) -> Any:
        """Return the value of a JSON entry. Raises Refused if libxl refuses it."""
        return json


class IntegerField(Field):
    """A number of some width, signed or not."""

    json = int
    wanted = "an integer"

    def __init__(self, bits: int, is_signed: bool, default: int) -> None:
        super().__init__(default)
        self.bits = bits
        self.signed = is_signed

    def wrap(self, value: int) -> int:
        return signed(value, self.bits) if self.signed else value & ((1 << self.bits) - 1)

    def dump(self, value: int) -> int:
        # libxl passes a C int to json-c for all but 64-bit fields, so large 32-bit values come out negative.
        return value if self.bits == 64 else signed(value, 32)

    def load(self, json: int) -> int:
        low, high = (-(1 << 31), (1 << 31) - 1) if self.signed else (0, (1 << self.bits) - 1)
        if not low <= json <= high:
            raise Refused(f"{json} is outside {low}..{high}")
        return json


class DomidField(IntegerField):
    """A domain's number, which libxl writes unchanged."""

    def dump(self, value: int) -> int:
        return value


class BooleanField(Field):
    """A C bool."""

    json = bool
    wanted = "true or false"


class StringField(Field):
    """A string, or None."""

    json = (str, type(None))
    wanted = "a string or null"

    def load(self, json: str | None) -> str | None:
        return None if json is None else _c_string(json)


class DefboolField(Field):
    """True, False, or None for libxl's default."""

    json = str
    wanted = '"True", "False" or "<default>"'

    def wrap(self, value: object) -> bool | None:
        return None if value is None else bool(value)

    def dump(self, value: bool | None) -> str:
        return {None: "<default>", True: "True", False: "False"}[value]

    def load(self, json: str) -> bool | None:
        for prefix, value in (("<default>", None), ("True", True), ("False", False)):
            if json.startswith(prefix):
                return value
        raise Refused(f'"{json}" is not {self.wanted}')


class BytesField(Field):
    """Bytes written as groups of hexadecimal digits: a UUID, a MAC address."""

    json = str

    def __init__(self, size: int, groups: tuple[int, ...], separator: str, wanted: str) -> None:
        super().__init__(bytes(size))
        self.groups = groups
        self.separator = separator
        self.wanted = wanted

    def dump(self, value: bytes) -> str:
        digits, at, parts = value.hex(), 0, []
        for size in self.groups:
            parts.append(digits[at : at + size])
            at += size
        return self.separator.join(parts)

    def load(self, json: str) -> bytes:
        parts = json.split(self.separator)
        digits = "".join(parts)
        if tuple(map(len, parts)) != self.groups or not digits.isascii() or not digits.isalnum():
            raise Refused(f'"{json}" is not {self.wanted}')
        try:
            return bytes.fromhex(digits)
        except ValueError:
            raise Refused(f'"{json}" is not {self.wanted}') from None


class BitmapField(Field):
    """A set of small numbers, as an integer with these bits set."""

    json = list
    wanted = "an array of integers"

    def dump(self, value: int) -> list[int]:
        return [bit for bit, digit in enumerate(reversed(f"{value:b}")) if digit == "1"]

    def load(self, json: list[Any]) -> int:
        if not json:
            return 0
        if not all(type(bit) is int and bit <= LONG_MAX for bit in json):
            raise Refused("not an array of integers")
        # libxl takes the size from the last entry; setting a bit past the size has no effect.
        size = (json[-1] + 8) // 8 * 8
        if size > 1 << 20:
            raise Refused(f"{json[-1]} is too large for a bitmap")
        bits = bytearray(max(size, 0) // 8)
        for bit in json:
            if 0 <= bit < size:
                bits[bit // 8] |= 1 << bit % 8
        return int.from_bytes(bits, "little")


class StringsField(Field):
    """A tuple of strings."""

    json = list
    wanted = "an array of strings"

    def wrap(self, value: Iterable[str]) -> tuple[str, ...]:
        return tuple(value)

    def dump(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def load(self, json: list[Any]) -> tuple[str, ...]:
        if not all(isinstance(item, str) for item in json):
            raise Refused("not an array of strings")
        return tuple(map(_c_string, json))


class KeyValuesField(Field):
    """A tuple of pairs of strings."""

    json = dict
    wanted = "an object of strings"

    def dump(self, value: tuple[tuple[str, str | None], ...]) -> dict[str, str | None]:
        return dict(value)

    def load(self, json: dict[str, Any]) -> tuple[tuple[str, str | None], ...]:
        if not all(isinstance(item, str | None) for item in json.values()):
            raise Refused("not an object of strings")
        return tuple((_c_string(name), item and _c_string(item)) for name, item in json.items())


class GenerationIdField(Field):
    """A VM generation id of 16 bytes."""

    wanted = "an array of 16 bytes"

    def dump(self, value: bytes) -> list[int]:
        return list(value)

    def load(self, json: Any) -> bytes:
        if not isinstance(json, list) or len(json) < 16 or not all(type(byte) is int for byte in json[:16]):
            raise Refused(f"not {self.wanted}")
        return bytes(byte & 0xFF for byte in json[:16])


class EnumField(Field):
    """A member of an enumeration, or None."""

    json = str

    def __init__(self, kind: type[Enumeration], default: Enumeration | None) -> None:
        super().__init__(default)
        self.kind = kind
        self.wanted = f"one of {', '.join(member.text for member in kind)}"

    def dump(self, value: Enumeration | None) -> str | None:
        return None if value is None else value.text

    def load(self, json: str) -> Enumeration:
        value = self.kind.from_string(json)
        if value is None:
            raise Refused(f'"{json}" is not {self.wanted}')
        return value


def _c_string(text: str) -> str:
    """Return what a C string holds of a JSON string: up to the first NUL, halves of surrogate pairs replaced.

    Characters from U+DC80 to U+DCFF stay: they stand for bytes that are not UTF-8.
    """
    import re  # here, because compiling the pattern is slow and only JSON needs it

    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text.partition("\0")[0])
