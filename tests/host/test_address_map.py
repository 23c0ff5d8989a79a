"""Ranges of addresses against a search through all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.host.address_map import AddressMap

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=12)


@given(RANGES, st.integers(0, 50), st.integers(1, 20))
def test_within_finds_what_overlaps(ranges: list[tuple[int, int]], start: int, size: int) -> None:
    found = AddressMap((first, length, at) for at, (first, length) in enumerate(ranges))
    wanted = {
        at for at, (first, length) in enumerate(ranges) if length and first < start + size and start < first + length
    }
    assert set(found.within(start, start + size)) == wanted


@given(RANGES, st.integers(0, 50), st.integers(0, 20))
def test_covers_is_true_of_addresses_that_all_are_in_a_range(
    ranges: list[tuple[int, int]], start: int, size: int
) -> None:
    found = AddressMap((first, length, None) for first, length in ranges)
    known = {address for first, length in ranges for address in range(first, first + length)}
    assert found.covers(start, start + size) == (set(range(start, start + size)) <= known)


def test_of_several_ranges_at_an_address_the_one_that_starts_last_counts() -> None:
    found = AddressMap([(0, 100, "wide"), (10, 5, "narrow")])
    assert [found.at(address) for address in (5, 12, 20, 100)] == ["wide", "narrow", "wide", None]
