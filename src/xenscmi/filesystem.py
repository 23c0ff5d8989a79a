"""The file system, for whoever reads a host from it: the commands and the Python API. The rooms below open no file."""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 64 << 20
"""The most that is read of a file, in bytes: none of a host is that large."""


def read_file(path: Path) -> bytes:
    """Return the bytes of a regular file. Raises OSError, also for a file larger than LARGEST_FILE."""
    mode = path.stat().st_mode
    if S_ISDIR(mode):
        raise OSError("it is a folder")
    if not S_ISREG(mode):
        raise OSError("it is not a regular file")
    with path.open("rb") as file:
        return bounded(file.read(LARGEST_FILE + 1))


def bounded(data: bytes) -> bytes:
    """Return what was read of a file. Raises OSError where it is more than LARGEST_FILE."""
    if len(data) > LARGEST_FILE:
        raise OSError(f"larger than {LARGEST_FILE >> 20} MiB")
    return data


def list_folder(path: Path) -> list[Path] | None:
    """Return the regular files in a folder, by name; None if the path is not a folder. Raises OSError.

    What cannot be told, such as a symbolic link in a circle, is among them: who reads it says so, and names it.
    """
    if not path.is_dir():
        return None
    with os.scandir(path) as entries:
        return [path / name for name in sorted(entry.name for entry in entries if _may_be_file(entry))]


def _may_be_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return True
