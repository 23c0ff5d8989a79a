"""Initial file systems of Linux, written from Python: `newc` cpio archives.

Format: Linux's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

# An archive may be followed by another, if it ends at a multiple of four bytes; cpio itself pads to 512.
_BLOCK = 512
_NOT_NEEDED = re.compile(
    r"\.packages|boot/|usr/share/|usr/lib/aarch64-linux-gnu/gconv/"
    r"|usr/lib/python3[^/]*/(test|idlelib|lib2to3|pydoc_data|ensurepip|tkinter|turtledemo)/"
)


class Archive:
    """A cpio archive that grows by what is added to it; all is root's. `data` is what was written so far."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._number = 0
        self._folders: set[str] = set()

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Add a file, and the folders above it where they were not added yet."""
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, content)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def folder(self, name: str) -> None:
        """Add a folder, and those above it."""
        if name in self._folders:
            return
        self._parents(name)
        self._folders.add(name)
        self._entry(name, stat.S_IFDIR | 0o755)

    def finish(self) -> bytes:
        """Return the whole archive, its end mark included."""
        self._entry("TRAILER!!!", 0)
        self.data += bytes(-len(self.data) % _BLOCK)
        return bytes(self.data)

    def _parents(self, name: str) -> None:
        parent = name.rpartition("/")[0]
        if parent:
            self.folder(parent)

    def _entry(self, name: str, mode: int, content: bytes = b"") -> None:
        self._number += 1
        path = name.encode() + b"\0"
        numbers = (self._number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        self.data += b"070701" + "".join(f"{number:08x}" for number in numbers).encode() + path
        self.data += bytes(-len(self.data) % 4) + content
        self.data += bytes(-len(self.data) % 4)


def dom0_base(root: Path, python: str) -> bytes:
    """Return the archive of the packages unpacked in `root`: what dom0 needs to run Xen's tools and Python."""
    archive = Archive()
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "proc", "sys", "dev", "run", "tmp", "var/lib/xen", "var/log/xen"):
        archive.folder(folder)
    for name in ("bin", "sbin", "lib"):
        archive.link(name, f"usr/{name}")
    archive.link("var/run", "/run")
    archive.link("usr/bin/python3", f"python{python}")
    for name, path in sorted(_merged(root)):
        if path.is_symlink():
            archive.link(name, str(path.readlink()))
        elif path.is_file():
            archive.file(name, path.read_bytes(), path.stat().st_mode & 0o777)
    return archive.finish()


def _merged(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files to take and their names, with `/lib` and `/bin` moved to `/usr` as in Debian since 2023."""
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if not _NOT_NEEDED.match(name):
            yield (name if name.startswith(("usr/", "etc/")) else f"usr/{name}"), path
