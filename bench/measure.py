"""Timing: the best of several runs, alternating with the reference, so that a busy machine disturbs both alike."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
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


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in a unit, the bounds that it should keep within, and what else is to be said of it."""

    what: str
    value: float
    unit: str
    _: KW_ONLY
    least: float | None = None
    most: float | None = None
    remark: str = ""

    @property
    def inside(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def line(self) -> str:
        """Return the figure as a line, marked where it is out of bounds."""
        bounds = [f"{word} {bound:g}" for word, bound in (("at least", self.least), ("at most", self.most)) if bound]
        said = ", ".join([*bounds, self.remark] if self.remark else bounds)
        mark = " " if self.inside else "!"
        return f"{mark} {self.what:58} {self.value:8.2f} {self.unit:6} {f'({said})' if said else ''}".rstrip()
