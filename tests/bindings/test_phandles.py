"""Phandle lists: where Xen's walk ends, and what it prints then."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from xenscmi.bindings.phandles import PhandleError, phandle_entries
from xenscmi.devicetree import Tree

Dts = Callable[[str], Tree]
TREE = "/ {{ one: one {{ #c = <1>; }}; none: none {{ #c = <0>; }}; bare: bare {{ }}; n {{ list = {0}; }}; }};"


def walk(dts: Dts, value: str) -> tuple[list[tuple[str, tuple[int, ...], int]], PhandleError | None]:
    """Return the entries that are read, and the error that ends the walk."""
    node = dts(TREE.format(value)).node("/n")
    assert node is not None
    found = []
    try:
        for each in phandle_entries(node, "list", "#c"):
            found.append((each.target.name, each.arguments, each.offset))
    except PhandleError as error:
        return found, error
    return found, None


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ("<&one 5>, <&none>, <&one 6>", [("one", (5,), 0), ("none", (), 8), ("one", (6,), 12)]),
        ("<&one 5>, [00 00 00]", [("one", (5,), 0)]),
        ('""', []),
    ],
)
def test_whole_lists(dts: Dts, value: str, entries: list[tuple[str, tuple[int, ...], int]]) -> None:
    assert walk(dts, value) == (entries, None)
    assert list(phandle_entries(dts("/ { };").root, "list", "#c")) == []


@pytest.mark.parametrize(
    ("value", "target", "printed", "code"),
    [
        ("<&one 5>, <0x77 1>", None, "/n: could not find phandle", errno.EINVAL),
        ("<&one 5>, <&bare 1>", "bare", "/n: could not get #c for /bare", errno.EINVAL),
        ("<&one 5>, <&one>", "one", "/n: arguments longer than property", errno.EINVAL),
        ("<&one 5>, <0>, <&one 6>", None, None, errno.ENOENT),
    ],
)
def test_an_entry_that_ends_the_walk(dts: Dts, value: str, target: str | None, printed: str | None, code: int) -> None:
    entries, error = walk(dts, value)
    assert entries == [("one", (5,), 0)]
    assert error is not None
    assert (error.target.name if error.target else None, error.printed, error.errno) == (target, printed, code)
    assert error.diagnostic.span is not None
    assert error.diagnostic.span.text in value
