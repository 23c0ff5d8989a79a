"""Devices under access controllers: how the list of entries is walked."""

from __future__ import annotations

import struct
import time

import pytest

from xenscmi.devicetree import Builder, Tree
from xenscmi.host.devices import read_devices
from xenscmi.host.types import Device
from xenscmi.source import Source

CONTROLLER, LACKS_CELLS, NOBODY = 1, 2, 7


def tree(entries: bytes) -> Tree:
    builder = Builder(Source("host.dts", ""))
    for phandle in (CONTROLLER, LACKS_CELLS):
        builder.begin(f"controller{phandle}")
        builder.add("phandle", struct.pack(">I", phandle))
        if phandle == CONTROLLER:
            builder.add("#access-controller-cells", struct.pack(">I", 1))
        builder.end()
    builder.begin("device")
    builder.add("access-controllers", entries)
    return builder.finish()


def device(*cells: int, rest: bytes = b"") -> Device:
    (found,) = read_devices(tree(struct.pack(f">{len(cells)}I", *cells) + rest))
    return found


@pytest.mark.parametrize(
    ("cells", "rest", "read", "problem"),
    [
        ((CONTROLLER, 5, CONTROLLER, 6), b"", [(5,), (6,)], None),
        ((CONTROLLER, 5), b"\0\0\0", [(5,)], None),
        ((CONTROLLER, 5, NOBODY, 6), b"", [(5,), ()], "refers to phandle 0x7, which no node has"),
        ((CONTROLLER, 5, 0, CONTROLLER, 6), b"", [(5,), ()], "has an empty entry, phandle 0, at which Xen stops"),
        ((LACKS_CELLS, CONTROLLER, 6), b"", [()], "could not get #access-controller-cells for /controller2"),
        ((CONTROLLER, 5, CONTROLLER), b"", [(5,), ()], "arguments longer than property: /controller1 takes 1"),
        ((), b"", [], None),
    ],
)
def test_the_walk_ends_at_the_first_broken_entry(
    cells: tuple[int, ...], rest: bytes, read: list[tuple[int, ...]], problem: str | None
) -> None:
    entries = device(*cells, rest=rest).entries
    assert [entry.arguments for entry in entries] == read
    problems = [entry.problem.message for entry in entries if entry.problem]
    assert problems == ([f"/device: access-controllers {problem}"] if problem else [])


def test_a_long_list_takes_no_longer_per_entry() -> None:
    start = time.perf_counter()
    assert len(device(*(CONTROLLER, 5) * 50_000).entries) == 50_000
    assert time.perf_counter() - start < 10
