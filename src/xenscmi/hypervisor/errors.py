"""What Xen answers when it refuses: an errno, and where it has words, its own."""

from __future__ import annotations

import os


class XenError(Exception):
    """A refusal by Xen.

    `errno` is positive, numbered as in xen/include/public/errno.h, which for all that Xen uses is as in Linux.
    """

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno

    def __str__(self) -> str:
        return os.strerror(self.errno)


class Panic(Exception):
    """Xen's last word when it cannot boot the host; `log` is what it printed before."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.log: tuple[str, ...] = ()


class DataAbort(Exception):
    """A domain touched a guest physical address at which it was given nothing."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"data abort at {self.address:#x}"
