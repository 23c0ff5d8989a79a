"""Xen's console: its log lines, as it prints them, without `(XEN) `."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from xenscmi.bindings.errors import BindingError

CAPACITY = 16384
"""Lines kept. Older ones are lost, as in Xen's ring: a guest may make Xen print as often as it likes."""

_ROUTINE = re.compile(
    r"^scmi: agent_id = |^scmi: get smc response .* res=0$|^scmi: Got |^scmi: Agent |^sci: assign device"
)


def telling_lines(lines: Iterable[str]) -> list[str]:
    """Return lines of Xen's log without those that it prints for every message."""
    return [line for line in lines if not _ROUTINE.search(line)]


class Console:
    """A log of lines. Safe to print to from many threads."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=CAPACITY)
        self._unfinished = ""

    def print(self, text: str, end: str = "\n") -> None:
        """Print a line; without a newline at its end, the next text continues it, as some of Xen's messages do."""
        line, self._unfinished = self._unfinished + text, ""
        if end:
            self._lines.append(line)
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

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines kept, the oldest first."""
        unfinished = (self._unfinished,) if self._unfinished else ()
        return (*self._lines, *unfinished)
