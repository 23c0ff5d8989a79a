"""The state of a path: what its file holds, what its folder lists, or that there is nothing.

A path that ends in a slash stands for the listing of a folder, one that ends in ` ->` for where symbolic links lead
from it. Every other path stands for a file; a folder there is as good as nothing, since nobody can read it. Where the
state is the same, whoever looks at the path sees the same.
"""

from __future__ import annotations

import os
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ABSENT = "absent"
LEADS = " ->"
UNREADABLE = "unreadable"

Signature = tuple[int, int, int, int]
"""Inode, size in bytes, and when content and status changed last, in nanoseconds since 1970."""

_SLACK = 20_000_000
"""Nanoseconds by which a change may look older than it is: Linux stamps files with the time of its last tick."""
_COARSE_SLACK = 2_000_000_000
"""The same on file systems that keep whole seconds, or even pairs of them."""


def file_state(path: str, data: bytes) -> str:
    """Return the state of a file that holds `data`; a link to another path is part of it."""
    state = f"file:{sha256(data).hexdigest()}"
    real = os.path.realpath(path)
    there = os.path.abspath(path)  # noqa: PTH100 (Path.resolve() follows links)
    return state if real == there else f"{state}:{os.path.relpath(real)}"


def folder_state(names: Iterable[str]) -> str:
    """Return the state of a folder that lists the files of these names."""
    return f"folder:{sha256(os.fsencode(chr(0).join(sorted(names)))).hexdigest()}"


def link_state(path: str) -> str:
    """Return where links lead from a path, as seen from the current folder."""
    return f"leads:{os.path.relpath(os.path.realpath(path))}"


def relevant(listing: Iterable[Path]) -> list[str]:
    """Return the names of the files of a folder that decide what its host is: others may come and go."""
    from xenscmi.host.kinds import belongs
    from xenscmi.host.manifest import NAME

    return [path.name for path in listing if belongs(path) or path.name == NAME]


def signature(path: str) -> Signature | None:
    """Return by what a change of a path shows without reading it; None where there is nothing."""
    link = path.endswith(LEADS)
    try:
        # Of thousands of files; pathlib takes three times as long.
        status = os.lstat(path.removesuffix(LEADS)) if link else os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_before(signed: Signature, moment: int) -> bool:
    """Return whether the last change was certainly before a moment, in nanoseconds since 1970.

    Only then does every change after that moment show. git's index calls the other case racy.
    """
    slack = _SLACK if signed[2] % 1_000_000_000 else _COARSE_SLACK
    return max(signed[2:]) < moment - slack


class States:
    """The states of paths, each looked at once, for a run that began at `start`.

    Of a path whose signature is as in `known`, from an earlier run, the state is taken over from there. `used` has what
    a later run may take over.
    """

    def __init__(self, known: Mapping[str, tuple[Signature, str]], start: int) -> None:
        self.start = start
        self.used: dict[str, tuple[Signature, str]] = {}
        self._known = known
        self._now: dict[str, str] = {}

    def now(self, path: str) -> str:
        """Return the state of a path."""
        if path not in self._now:
            self._now[path] = self._look(path)
        return self._now[path]

    def _look(self, path: str) -> str:
        if path.endswith(LEADS):
            return link_state(path.removesuffix(LEADS))
        signed = signature(path)
        if signed is None:
            return ABSENT
        known = self._known.get(path)
        if known is not None and known[0] == signed:
            self.used[path] = known
            return known[1]
        state = _read(path)
        self.learn(path, signed, state)
        return state

    def learn(self, path: str, signed: Signature, state: str) -> None:
        """Keep a state for runs to come, if no change since this run began can have been missed."""
        if state != UNREADABLE and is_before(signed, self.start):
            self.used[path] = signed, state


def _read(path: str) -> str:
    # A run in which nothing has changed gets by without these imports.
    from pathlib import Path

    from xenscmi import filesystem

    try:
        if path.endswith("/"):
            return folder_state(relevant(filesystem.list_folder(Path(path)) or ()))
        return ABSENT if Path(path).is_dir() else file_state(path, filesystem.read_file(Path(path)))
    except (OSError, ValueError):
        return UNREADABLE
