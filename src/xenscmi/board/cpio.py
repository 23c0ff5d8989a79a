"""Initial RAM disks: cpio archives of the format `newc`, which Linux unpacks into its first root file system."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, folder, link or device of an archive: `mode` with its type, and its content (of a link: the target)."""

    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)

    @classmethod
    def file(cls, data: bytes, *, executable: bool = False) -> Entry:
        """Return a regular file."""
        return cls(mode=stat.S_IFREG | (0o755 if executable else 0o644), data=data)

    @classmethod
    def link(cls, target: str) -> Entry:
        """Return a symbolic link."""
        return cls(mode=stat.S_IFLNK | 0o777, data=target.encode())

    @classmethod
    def character_device(cls, major: int, minor: int) -> Entry:
        """Return a device node such as /dev/console (5, 1)."""
        return cls(mode=stat.S_IFCHR | 0o600, device=(major, minor))


_FOLDER = Entry(mode=stat.S_IFDIR | 0o755)


def archive(entries: Mapping[str, Entry]) -> bytes:
    """Return the archive of some entries by path, without a leading slash. Folders on the way are added."""
    everything = {path: _FOLDER for name in entries for path in _folders(name)} | dict(entries)
    parts = [_member(number, path, everything[path]) for number, path in enumerate(sorted(everything), 1)]
    return b"".join([*parts, _member(0, _TRAILER, Entry(mode=0))])


def _folders(path: str) -> Iterator[str]:
    """Yield the folders on the way to a path, outermost first."""
    names = path.split("/")[:-1]
    for end in range(1, len(names) + 1):
        yield "/".join(names[:end])


def _member(number: int, path: str, entry: Entry) -> bytes:
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (number, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = _MAGIC + b"".join(b"%08X" % field for field in fields) + name
    return _padded(header) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
