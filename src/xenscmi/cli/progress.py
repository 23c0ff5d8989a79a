"""A bar that shows how far a long command is: on a terminal alone."""

from __future__ import annotations

import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_WIDTH = 30
_FIRST, _EVERY = 1.0, 0.1


class Progress:
    """Shows on standard error how many of `total` things are done, once that takes more than a second.

    As a context manager, it takes the bar away in the end.
    """

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._done = 0
        self._start = monotonic()
        self._next = self._start + _FIRST if sys.stderr.isatty() else float("inf")
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def step(self, count: int = 1) -> None:
        """Count so many more."""
        self._done += count
        now = monotonic()
        if now >= self._next:
            self._next = now + _EVERY
            self._shown = True
            filled = _WIDTH * self._done // self._total
            left = (now - self._start) * (self._total - self._done) / self._done
            bar = "#" * filled + "-" * (_WIDTH - filled)
            sys.stderr.write(f"\r\x1b[K[{bar}] {self._done} of {self._total} {self._what}, {left:.0f} s left")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar away, so that other text can follow."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
