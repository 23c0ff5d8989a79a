"""The files of a host as the editor has them: its unsaved texts first, then the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import time_ns

from xenscmi import filesystem
from xenscmi.host.files import Read

_Status = tuple[int, ...]
"""When a file changed last, in nanoseconds since 1970, its size in bytes, and which file it is."""

_UNSETTLED = 50_000_000
"""Nanoseconds in which a second change of a file may leave its times as they are: so young a file is read again."""


class Outdated(Exception):
    """The texts have changed since the work began: its result is of no use."""


class Disk:
    """Files on the disk, read anew only where their status says that they changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Status, bytes]] = {}

    def read(self, path: Path) -> bytes:
        """Return a file's bytes. Raises OSError as `filesystem.read_file`."""
        status = path.stat()
        signature = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
        known = self._known.get(path)
        if known is not None and known[0] == signature:
            return known[1]
        data = filesystem.read_file(path)
        if time_ns() - max(signature[:2]) > _UNSETTLED:
            self._known[path] = signature, data
        return data


def reader(disk: Disk, texts: Mapping[Path, bytes], is_outdated: Callable[[], bool]) -> Read:
    """Return the function by which a host reads its files: `texts` are the unsaved ones.

    It raises Outdated as soon as the work that reads is of no use any more.
    """

    def read(path: Path) -> bytes:
        if is_outdated():
            raise Outdated
        unsaved = texts.get(path)
        return disk.read(path) if unsaved is None else unsaved

    return read
