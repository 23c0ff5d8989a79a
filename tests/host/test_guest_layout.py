"""Where an Arm guest has its RAM."""

from __future__ import annotations

import pytest

from xenscmi.host.guest_layout import ram

MIB, GIB = 1 << 10, 1 << 20  # in KiB


@pytest.mark.parametrize(
    ("memory", "banks"),
    [
        (0, []),
        (256 * MIB, [(0x40000000, 0x50000000)]),
        (2656 * MIB, [(0x40000000, 0xE6000000)]),
        (3 * GIB, [(0x40000000, 0x100000000)]),
        (6000 * MIB, [(0x40000000, 0x100000000), (0x200000000, 0x2B7000000)]),
    ],
)
def test_the_banks_of_a_guest(memory: int, banks: list[tuple[int, int]]) -> None:
    assert [(each.start, each.start + each.size) for each in ram(memory)] == banks
