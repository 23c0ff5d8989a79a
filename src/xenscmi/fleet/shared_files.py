"""What hosts have in common, read once in a process: a fleet's variants share most of their trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from xenscmi.devicetree import Tree, parse_tree
from xenscmi.devicetree.includes import Watch
from xenscmi.host.parsed import ParsedFiles

_MOST = 256
"""Readings that are kept, those used last; a host has one or two for each of its files."""

T = TypeVar("T")
_LookedFor = list[tuple[Path, bytes | None]]


class SharedFiles(ParsedFiles):
    """Keeps the last readings for the hosts that come next. `watch` is told what the includes of each tree looked for.

    A file that is included is not looked at again: whoever keeps what comes of it must know that it did not change
    meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watch: Watch = lambda path, content: None
        self._lock = Lock()  # trees are read in threads

    def tree(self, data: bytes, path: Path, include: Sequence[Path] = (), within: Path | None = None) -> Tree:
        """Return a device tree. Raises DeviceTreeError as `parse_tree`."""

        def make() -> tuple[Tree, _LookedFor]:
            looked_for: _LookedFor = []

            def note(path: Path, content: bytes | None) -> None:
                looked_for.append((path, content))
                self.watch(path, content)  # also for a tree that then turns out to be none

            return parse_tree(data, path, include, within, note), looked_for

        tree, looked_for = self._once((Tree, path), (data, tuple(include), within), make)
        for each in looked_for:
            self.watch(*each)
        return tree

    def known_tree(
        self, data: bytes, path: Path, include: Sequence[Path] = (), within: Path | None = None
    ) -> Tree | None:
        """Return None: `watch` is to hear of every tree."""
        return None

    def _once(self, what: object, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        made = super()._once(what, inputs, make)
        with self._lock:
            if what in self._known:
                self._known[what] = self._known.pop(what)  # used last
            while len(self._known) > _MOST:
                self._known.pop(next(iter(self._known)))
        return made
