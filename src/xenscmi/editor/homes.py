"""What each file belongs to: a plan, the host of the manifest above it, or hosts that name it from another tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from xenscmi.editor.views import View, home_of, homes_of
from xenscmi.filesystem import read_file
from xenscmi.host.manifest import NAME

_DEEPEST = 4
_MOST_FOLDERS = 4096
"""Folders of a workspace that are searched for manifests, and how deep: a build tree is a thousand times as large."""


class Homes:
    """Knows the homes of files: those that a file's place tells, and those that the views of hosts tell."""

    def __init__(self) -> None:
        self._elsewhere: dict[Path, dict[Path, None]] = {}

    def of(self, path: Path) -> Path:
        """Return what answers for a file: its manifest or plan, else a host that names it, else its own folder."""
        home, elsewhere = home_of(path), self._elsewhere.get(path)
        is_alone = home == path.parent and not (home / NAME).is_file()
        return next(iter(elsewhere)) if elsewhere and is_alone else home

    def all_of(self, path: Path) -> tuple[Path, ...]:
        """Return all that a change of a file may matter to."""
        plans = homes_of(path)[1:]
        return tuple(dict.fromkeys((self.of(path), *plans, *self._elsewhere.get(path, ()))))

    def shows(self, home: Path, path: Path) -> bool:
        """Return whether findings of a home on a file are to be shown: not if the file belongs to a host elsewhere."""
        return path not in self._elsewhere or home in self.all_of(path)

    def learn(self, view: View) -> list[Path]:
        """Take note of the files of other trees that a host names; return the new ones."""
        sources = view.loaded.host.sources if view.loaded else ()
        outside = {path for each in sources if not (path := Path(each.name)).is_relative_to(view.home)}
        new = [path for path in outside if view.home not in self._elsewhere.get(path, ())]
        for path in new:
            self._elsewhere.setdefault(path, {})[view.home] = None
        return new


def spread_hosts(workspace: Path) -> Iterator[Path]:
    """Yield the folders of a workspace whose manifests name files of other trees."""
    for name, below, files in islice(os.walk(workspace), _MOST_FOLDERS):
        folder = Path(name)
        is_deepest = len(folder.relative_to(workspace).parts) == _DEEPEST
        below[:] = [] if is_deepest else [each for each in below if not each.startswith(".")]
        if NAME in files and _names_other_trees(folder / NAME):
            yield folder


def _names_other_trees(manifest: Path) -> bool:
    try:
        return b"paths" in read_file(manifest)
    except OSError:
        return False
