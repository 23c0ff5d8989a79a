"""C's number reading, against the C library itself where there is one."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xenscmi.xlcfg import numbers
from xenscmi.xlcfg.numbers import LONG_MAX, LONG_MIN, ULONG_MAX

TEXTS = st.text(alphabet=" \t\v+-0123456789abcdefxXzZ.", max_size=24)


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("12abc", 10, (12, 2)),
        ("  +7", 10, (7, 4)),
        ("\t-3.7", 10, (-3, 3)),
        ("010", 0, (8, 3)),
        ("010", 10, (10, 3)),
        ("0x1f", 0, (31, 4)),
        ("0x10", 10, (0, 1)),
        ("0x1F", 16, (31, 4)),
        ("0xg", 0, (0, 1)),
        ("089", 0, (0, 1)),
        ("", 0, (0, 0)),
        ("-", 10, (0, 0)),
        ("+ 1", 10, (0, 0)),
        ("x", 16, (0, 0)),
        ("٣", 10, (0, 0)),
    ],
)
def test_scan(text: str, base: int, expected: tuple[int, int]) -> None:
    assert numbers.scan(text, base) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9223372036854775807", (LONG_MAX, False)),
        ("9223372036854775808", (LONG_MAX, True)),
        ("-9223372036854775809", (LONG_MIN, True)),
        ("9" * 10_000, (LONG_MAX, True)),
    ],
)
def test_strtol_saturates(text: str, expected: tuple[int, bool]) -> None:
    value, end, saturated = numbers.strtol(text, 0)
    assert (value, saturated) == expected
    assert end == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1", (ULONG_MAX, False)),
        ("18446744073709551615", (ULONG_MAX, False)),
        ("18446744073709551616", (ULONG_MAX, True)),
        ("-18446744073709551615", (1, False)),
        ("-18446744073709551616", (ULONG_MAX, True)),
    ],
)
def test_strtoul_wraps_and_saturates(text: str, expected: tuple[int, bool]) -> None:
    value, _, saturated = numbers.strtoul(text, 10)
    assert (value, saturated) == expected


@pytest.mark.parametrize(("text", "expected"), [("4294967297", 1), ("2147483648", -(1 << 31)), ("-5x", -5), ("x", 0)])
def test_atoi_truncates(text: str, expected: int) -> None:
    assert numbers.atoi(text) == expected


@pytest.fixture(scope="module")
def libc() -> ctypes.CDLL:
    name = ctypes.util.find_library("c")
    if name is None or ctypes.sizeof(ctypes.c_long) != 8:
        pytest.skip("no C library with a long of 64 bits")
    return ctypes.CDLL(name)


@given(text=TEXTS)
@example(text="0x")
@example(text=" +0X,1")
@example(text="00x")
@example(text="-10000000000000000")
def test_hexadecimal_as_sscanf_reads_it(libc: ctypes.CDLL, text: str) -> None:
    value, used = ctypes.c_uint64(0), ctypes.c_int(0)
    found = libc.sscanf(text.encode(), b"%lx%n", ctypes.byref(value), ctypes.byref(used))
    if text.strip().lstrip("+-")[:2] in ("0x", "0X") and found != 1:
        pytest.skip("a C library whose sscanf refuses a bare 0x")
    assert numbers.sscanf_hex(text) == (value.value, used.value)


@given(text=TEXTS, base=st.sampled_from([0, 8, 10, 16]))
@example(text="-0x", base=16)
@example(text="0X1g", base=0)
@example(text="18446744073709551616", base=10)
def test_as_the_c_library_does(libc: ctypes.CDLL, text: str, base: int) -> None:
    for ours, theirs, kind in (
        (numbers.strtol, libc.strtol, ctypes.c_long),
        (numbers.strtoul, libc.strtoul, ctypes.c_ulong),
    ):
        theirs.restype = kind
        buffer, end = ctypes.create_string_buffer(text.encode()), ctypes.c_char_p()
        value = theirs(buffer, ctypes.byref(end), base)
        stopped = len(text) - len(end.value or b"")
        assert ours(text, base)[:2] == (value, stopped)
