"""Xen's console: its log lines, as it prints them, without `(XEN) `."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from itertools import islice

from xenscmi.bindings.errors import BindingError

CAPACITY = 16384
"""Lines kept. Older ones are lost, as in Xen's ring: a guest may make Xen print as often as it likes."""

XENLOG_ERR = "<0>"

_ROUTINE = re.compile(
    r"^scmi: agent_id = |^scmi: get smc response .* res=0$|^scmi: Got |^scmi: Agent |^sci: assign device"
)


def telling_lines(lines: Iterable[str]) -> list[str]:
    """Return lines of Xen's log without those that it prints for every message."""
    return [line for line in lines if not _ROUTINE.search(line)]


class Console:
    """A log of lines. Safe to print to from many threads. `printed` counts all lines since the start."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=CAPACITY)
        self._unfinished = ""
        self.printed = 0

    def print(self, text: str, end: str = "\n", level: str = "") -> None:
        """Print a line; without a newline at its end, the next text continues it, as some of Xen's messages do.

        `level` is the text's log level, which Xen only takes for one at the start of a line.
        """
        line, self._unfinished = (self._unfinished + level if self._unfinished else "") + text, ""
        if end:
            self._lines.append(line)
            self.printed += 1
        else:
            self._unfinished = line

    def print_failure(self, error: BindingError) -> None:
        """Print the line that Xen prints where it cannot read a node, if it prints one."""
        if error.printed is not None:
            self.print(error.printed)

    def clear(self) -> None:
        """Forget all lines."""
        self._lines.clear()
        self._unfinished = ""
        self.printed = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines kept, the oldest first."""
        return tuple(self.lines_since(0))

    def lines_since(self, mark: int) -> list[str]:
        """Return the lines kept of those printed after `printed` was `mark`."""
        new = min(self.printed - mark, len(self._lines))
        unfinished = [self._unfinished] if self._unfinished else []
        return [*islice(self._lines, len(self._lines) - new, None), *unfinished]
