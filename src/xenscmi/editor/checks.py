"""When to look at a host: at every change, in a thread; what a newer change has outdated is dropped."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from xenscmi.editor.views import Looker, View
from xenscmi.source import Span


class Checks:
    """The views of all homes, each of its texts as they are now.

    `texts` returns the unsaved ones, and `show` is called with each view that is not outdated.
    """

    def __init__(self, texts: Callable[[], Mapping[Path, bytes]], show: Callable[[View], None]) -> None:
        self._texts = texts
        self._show = show
        self._lookers: dict[Path, Looker] = {}
        self._changes: dict[Path, int] = {}
        self._tasks: dict[Path, asyncio.Task[View]] = {}
        self._seen: set[Path] = set()
        self._executor = ThreadPoolExecutor(2)

    def changed(self, home: Path) -> None:
        """Look at a home anew; what is looked at right now is outdated."""
        self._changes[home] = self._changes.get(home, 0) + 1
        task = self._tasks.get(home)
        if task is None or task.done():
            self._tasks[home] = asyncio.get_running_loop().create_task(self._look(home))

    async def current(self, home: Path) -> View:
        """Return the view of a home as it is now."""
        if home not in self._tasks:
            self.changed(home)
        while True:
            task = self._tasks[home]
            view = await asyncio.shield(task)
            if self._tasks[home] is task:
                return view

    async def fixes(self, home: Path) -> tuple[tuple[Span, str], ...]:
        """Return the edits that apply all safe fixes of a home; none where its texts changed meanwhile.

        Raises XenscmiError where its files make no host.
        """
        looker, seen = self._lookers.setdefault(home, Looker(home)), self._changes.get(home)
        edits = await asyncio.get_running_loop().run_in_executor(self._executor, looker.fix, self._texts())
        return edits if self._changes.get(home) == seen else ()

    async def _look(self, home: Path) -> View:
        looker = self._lookers.setdefault(home, Looker(home))
        while True:
            seen = self._changes[home]

            def is_outdated(seen: int = seen) -> bool:
                return self._changes[home] != seen

            look = asyncio.get_running_loop().run_in_executor(self._executor, looker.look, self._texts(), is_outdated)
            found = await look
            if home not in self._seen:  # what stays for long is not to be searched for garbage again and again
                self._seen.add(home)
                gc.freeze()
            if found is not None and not is_outdated():
                self._show(found)
                return found
