"""Asking for values: what libxlu answers, and what it says where it does not."""

from __future__ import annotations

import pytest

from xenscmi.diagnostics import Severity
from xenscmi.source import Source
from xenscmi.xlcfg import Reader, parse


def reader(text: str) -> Reader:
    return Reader(parse(Source("f", text)))


@pytest.mark.parametrize(("text", "expected"), [("a=010", 8), ("a=' -0x10'", -16), ("a='+7'", 7), ("b=1", None)])
def test_numbers_have_base_0(text: str, expected: int | None) -> None:
    asked = reader(text)
    assert asked.long("a") == expected
    assert asked.diagnostics == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a='1x'", "parameter `a' is not a valid number"),
        ("a=''", "parameter `a' is not a valid number"),
        ("a='1 '", "parameter `a' is not a valid number"),
        ("a=08", "parameter `a' is not a valid number"),
        ("a=9223372036854775808", "parameter `a' could not be parsed as a number: Numerical result out of range"),
        ("a=1\na+=2", "can't use += with numbers for parameter `a'"),
        ("a=[1]", "parameter `a' is a list but should be a single value"),
        ("a=4", "value `4' is smaller than minimum bound '5'"),
        ("a=10", "value `10' is greater than maximum bound '9'"),
    ],
)
def test_what_is_no_number_is_no_answer(text: str, said: str) -> None:
    asked = reader(text)
    assert asked.long("a", 5, 9) is None
    (warning,) = asked.diagnostics
    assert (warning.message, warning.severity) == (said, Severity.WARNING)
    assert warning.span
    assert warning.help
    assert asked.long("a", 5, 9, quiet=True) is None
    assert len(asked.diagnostics) == 1


def test_a_list_is_no_string_nor_the_reverse() -> None:
    asked = reader("\na = ['x']\nb = 'y'")
    assert (asked.string("a"), asked.string("b"), asked.list_value("b")) == (None, "y", None)
    found = asked.list_value("a")
    assert found
    assert [item.text for item in found.leading_strings()] == ["x"]
    assert [(one.message, one.span and one.span.line) for one in asked.diagnostics] == [
        ("parameter `a' is a list but should be a single value", 2),
        ("parameter `b' is a single value but should be a list", 3),
    ]
    assert (asked.string("a", quiet=True), asked.list_value("b", quiet=True), asked.string("none")) == (None,) * 3
    assert len(asked.diagnostics) == 2


def test_loops_over_lists_stop_at_the_first_list_inside() -> None:
    found = reader("a=[1,'2',[3],4]").list_value("a")
    assert found
    assert [item.text for item in found.leading_strings()] == ["1", "2"]
    assert (found.string(1), found.string(2), found.string(9)) == (found.items[1], None, None)


def test_the_last_setting_of_a_key_counts() -> None:
    asked = reader("a=1\nb=2\na=3\n")
    assert asked.long("a") == 3
    assert "a" in asked.settings
    assert [setting.key for setting in asked.settings.all] == ["a", "b", "a"]
    assert [setting.key for setting in asked.settings] == ["a", "b"]
