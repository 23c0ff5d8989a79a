"""Frames and mappings against what sets and dictionaries say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.model.errors import DataAbort
from xenscmi.model.memory import AddressSpace, FrameRanges, PhysicalMemory, frames_of

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 8)), max_size=30)


@given(CHANGES)
def test_frame_ranges_are_a_set(changes: list[tuple[bool, int, int]]) -> None:
    ranges, frames = FrameRanges(), set[int]()
    for add, start, count in changes:
        if add:
            ranges.add(start, start + count)
            frames |= {*range(start, start + count)}
        else:
            ranges.remove(start, start + count)
            frames -= {*range(start, start + count)}
    assert {frame for start, end in ranges.ranges for frame in range(start, end)} == frames
    for start in range(45):
        for count in (1, 2, 5):
            assert ranges.covers(start, start + count) == ({*range(start, start + count)} <= frames)


@given(CHANGES, st.integers(0, 100))
def test_an_address_space_is_a_dictionary(changes: list[tuple[bool, int, int]], offset: int) -> None:
    space, frames = AddressSpace(PhysicalMemory()), dict[int, int]()
    for number, (add, guest, count) in enumerate(changes):
        if add and count:
            space.map(guest, 1000 * number + offset, count)
            frames |= {guest + index: 1000 * number + offset + index for index in range(count)}
        else:
            space.unmap(guest, count)
            frames = {frame: machine for frame, machine in frames.items() if not guest <= frame < guest + count}
    assert {guest: frame for guest in range(60) if (frame := space.frame(guest)) is not None} == frames


def test_two_domains_share_a_page_that_both_were_given() -> None:
    memory = PhysicalMemory()
    one, other = AddressSpace(memory), AddressSpace(memory)
    one.map(5, 77)
    other.map(9, 77)
    one.write(5 * PAGE_SIZE + 10, b"seen")
    assert other.read(9 * PAGE_SIZE + 10, 4) == b"seen"


def test_reads_and_writes_cross_pages_and_stop_at_the_first_that_is_not_there() -> None:
    space = AddressSpace(PhysicalMemory())
    space.map(1, 10)
    space.map(2, 5)
    space.write(2 * PAGE_SIZE - 2, b"abcd")
    assert space.read(2 * PAGE_SIZE - 2, 4) == b"abcd"
    with pytest.raises(DataAbort, match="0x3000"):
        space.read(3 * PAGE_SIZE - 1, 2)
    space.unmap(2)
    with pytest.raises(DataAbort):
        space.write(2 * PAGE_SIZE - 2, b"efgh")
    assert space.read(2 * PAGE_SIZE - 2, 2) == b"ef"


def test_frames_of_a_stretch() -> None:
    assert frames_of(0x1000, 0x1000) == (1, 2)
    assert frames_of(0x1800, 0x1000) == (1, 3)
    assert frames_of(0x1000, 0) == (1, 1)
