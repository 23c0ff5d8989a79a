"""An initial RAM disk that runs a shell script: busybox, and the script as the first process."""

from __future__ import annotations

from xenscmi.board.cpio import Entry, archive

_INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
%s
poweroff -f
"""
_FOLDERS = ("proc", "sys", "dev", "tmp")


def shell_initrd(busybox: bytes, script: str, files: dict[str, bytes] | None = None) -> bytes:
    """Return the RAM disk of a script that runs as root with /proc, /sys and debugfs mounted; then the board is off.

    `busybox` is a static arm64 one; `files` are further files by path without a leading slash.
    """
    entries = {path: Entry.file(data) for path, data in (files or {}).items()}
    entries |= {f"{folder}/.keep": Entry.file(b"") for folder in _FOLDERS}
    entries["bin/busybox"] = Entry.file(busybox, executable=True)
    entries["init"] = Entry.file((_INIT % script).encode(), executable=True)
    entries["dev/console"] = Entry.character_device(5, 1)
    return archive(entries)
