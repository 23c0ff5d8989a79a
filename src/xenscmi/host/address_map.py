"""Ranges of addresses, to be looked up: many of them may be asked for many times."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class AddressMap(Generic[T]):
    """Values by ranges of addresses, each given as first address, size and value; empty ranges do not count."""

    def __init__(self, ranges: Iterable[tuple[int, int, T]]) -> None:
        known = sorted(((start, start + size, value) for start, size, value in ranges if size > 0), key=_start)
        self._starts = [start for start, _, _ in known]
        self._ends = [end for _, end, _ in known]
        self._values = [value for _, _, value in known]
        # The furthest end so far: looking back from an address, nothing before a lower one can reach it.
        self._reach = list(accumulate(self._ends, max))

    def within(self, start: int, end: int) -> Iterator[T]:
        """Yield what overlaps the addresses from `start` up to, but without, `end`; what starts last comes first."""
        return (self._values[at] for at in self._within(start, end))

    def at(self, address: int) -> T | None:
        """Return what has an address; where several have it, the one that starts last."""
        return next(self.within(address, address + 1), None)

    def covers(self, start: int, end: int) -> bool:
        """Return whether every address from `start` up to, but without, `end` is in a range."""
        while start < end:
            reached = max((self._ends[at] for at in self._within(start, start + 1)), default=start)
            if reached == start:
                return False
            start = reached
        return True

    def _within(self, start: int, end: int) -> Iterator[int]:
        for at in range(bisect_left(self._starts, end) - 1, -1, -1):
            if self._reach[at] <= start:
                return
            if self._ends[at] > start:
                yield at


def _start(known: tuple[int, int, T]) -> int:
    return known[0]
