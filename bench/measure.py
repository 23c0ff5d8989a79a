"""Timing: the best of several runs, alternating with the reference, so that a busy machine disturbs both alike."""

from __future__ import annotations

from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def best(*runs: Callable[[], object], times: int = 20) -> list[float]:
    """Return the shortest time of each of the runs in seconds, taken in turns."""
    shortest = [float("inf")] * len(runs)
    for _ in range(times):
        for index, run in enumerate(runs):
            start = perf_counter()
            run()
            shortest[index] = min(shortest[index], perf_counter() - start)
    return shortest


def report(what: str, value: float, unit: str, bound: str) -> None:
    """Print one line: what was measured, the number, and what it should be."""
    print(f"  {what:58} {value:8.2f} {unit:6} ({bound})")
