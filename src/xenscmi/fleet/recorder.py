"""Reads for a host, and keeps the state of all that was looked at: what the verdict on the host depends on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from xenscmi import filesystem
from xenscmi.fleet.states import ABSENT, LEADS, UNREADABLE, file_state, folder_state, link_state, relevant


class Recorder:
    """The functions with which `load_host` reads, over those of the file system.

    `states` has each path's state. `is_steady` turns false where a path changed while the host was read.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.states: dict[str, str] = {}
        self.is_steady = True
        # Paths are kept as the user wrote them: below the current folder unless the host's is absolute.
        self._here = "" if any(path.startswith("/") for path in paths) else f"{Path.cwd()}/"

    def read(self, path: Path) -> bytes:
        """Return a file's bytes, as `filesystem.read_file`."""
        try:
            data = filesystem.read_file(path)
        except (FileNotFoundError, NotADirectoryError):
            self.note(path, None)
            raise
        except OSError:
            self._keep(self._name(path), UNREADABLE)  # some hosts do without it
            raise
        self.note(path, data)
        return data

    def note(self, path: Path, data: bytes | None) -> None:
        """Keep what a file holds; None if it is not there."""
        name = self._name(path)
        self._keep(name, ABSENT if data is None else file_state(name, data))

    def follow(self, path: Path) -> None:
        """Keep where symbolic links lead from a path."""
        name = self._name(path)
        self._keep(name + LEADS, link_state(name))

    def list_folder(self, path: Path) -> list[Path] | None:
        """Return the files in a folder, as `filesystem.list_folder`."""
        listing = filesystem.list_folder(path)
        if listing is not None:
            self._keep(self._name(path).rstrip("/") + "/", folder_state(relevant(listing)))
            for each in _dangling(path):  # becomes a file without a change of the folder
                self.note(each, None)
        return listing

    def _name(self, path: Path) -> str:
        name = str(path)
        return name.removeprefix(self._here) if self._here else name

    def _keep(self, name: str, state: str) -> None:
        self.is_steady &= self.states.setdefault(name, state) == state


def _dangling(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_symlink() and not entry.is_file() and relevant([Path(entry)]):
            yield Path(entry)
