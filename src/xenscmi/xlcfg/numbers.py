"""C's rules for reading numbers from text, as xl relies on them: strtol, strtoul, atoi and sscanf's %x and %u.

Widths are those of arm64: `long` has 64 bits. Anything may follow a number in a text; every function but `atoi` returns
the index at which it stopped.
"""

from __future__ import annotations

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1
ULONG_MAX = (1 << 64) - 1
UINT32_MAX = (1 << 32) - 1
INT_MAX = (1 << 31) - 1

_BLANKS = " \t\n\v\f\r"
_DIGITS = {character: value for value, character in enumerate("0123456789abcdefghijklmnopqrstuvwxyz")}
_DIGITS |= {character.upper(): value for character, value in _DIGITS.items()}


def scan(text: str, base: int, start: int = 0) -> tuple[int, int]:
    """Read blanks, a sign and digits; return the unbounded value and the index after it (`start` if no digits).

    Base 0 takes the base from the prefix (`0x`, `0`); base 16 allows the prefix `0x`.
    """
    at = start
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    negative = text[at : at + 1] == "-"
    if text[at : at + 1] in ("-", "+"):
        at += 1
    prefixed = text[at : at + 2] in ("0x", "0X") and _DIGITS.get(text[at + 2 : at + 3], 99) < 16
    if base in (0, 16) and prefixed:
        base, at = 16, at + 2
    elif base == 0:
        base = 8 if text[at : at + 1] == "0" else 10
    first = at
    while at < len(text) and _DIGITS.get(text[at], 99) < base:
        at += 1
    if at == first:
        return 0, start
    value = _value(text[first:at], base)
    return (-value if negative else value), at


def _value(digits: str, base: int) -> int:
    # A number of more than 64 digits is too large whatever its value; int() is slow for thousands of digits.
    significant = digits.lstrip("0")
    return int(significant or "0", base) if len(significant) <= 64 else 1 << 200


def sscanf_hex(text: str, start: int = 0) -> tuple[int, int]:
    """Read a number as sscanf's `%lx` does; return the value of 64 bits and the index after it (`start` if no digits).

    Unlike strtoul, sscanf takes `0x` without a digit for 0 (glibc up to 2.41).
    """
    value, end = scan(text, 16, start)
    if text[start:end].lstrip(f"{_BLANKS}+-") == "0" and text[end : end + 1] in ("x", "X"):
        end += 1
    return (ULONG_MAX if abs(value) > ULONG_MAX else value & ULONG_MAX), end


def strtol(text: str, base: int) -> tuple[int, int, bool]:
    """Return value, index after it, and whether it saturated (ERANGE)."""
    value, end = scan(text, base)
    clamped = min(max(value, LONG_MIN), LONG_MAX)
    return clamped, end, clamped != value


def strtoul(text: str, base: int, start: int = 0) -> tuple[int, int, bool]:
    """Return value, index after it, and whether it saturated (ERANGE). A negative number wraps around, as in C."""
    value, end = scan(text, base, start)
    if abs(value) > ULONG_MAX:
        return ULONG_MAX, end, True
    return value & ULONG_MAX, end, False


def atoi(text: str) -> int:
    """Return the number at the beginning of the text as a C int; 0 if there is none."""
    return signed(strtol(text, 10)[0], 32)


def signed(value: int, bits: int) -> int:
    """Return the value truncated to a two's complement number of that width, as by an assignment in C."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
