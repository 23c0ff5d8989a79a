"""The board's RAM: one piece of memory that qemu and this process share."""

from __future__ import annotations

import mmap
import os

from xenscmi.board.layout import PAGE_SIZE, RAM
from xenscmi.diagnostics import Diagnostic, XenscmiError


class Ram:
    """RAM of `size` bytes from RAM on, zeroed. `fd` is qemu's to map; `close` gives the memory back."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.fd = os.memfd_create("xenscmi-board-ram")
        os.ftruncate(self.fd, size)
        self._map = mmap.mmap(self.fd, size)
        self._view = memoryview(self._map)

    def write(self, address: int, data: bytes) -> None:
        """Put data at a physical address. Raises XenscmiError if there is no RAM for it."""
        if not self.has(address, len(data)):
            end = RAM + self.size
            message = f"{len(data):#x} bytes at {address:#x} are not in the board's RAM, {RAM:#x} to {end:#x}"
            raise XenscmiError(Diagnostic(message=message, help="give the board more memory: --memory MIB"))
        self._view[address - RAM : address - RAM + len(data)] = data

    def read(self, address: int, size: int) -> bytes:
        """Return a copy of `size` bytes at a physical address that `has` them."""
        return bytes(self._view[address - RAM : address - RAM + size])

    def has(self, address: int, size: int) -> bool:
        """Whether all of these bytes are RAM."""
        return address >= RAM and address + size <= RAM + self.size

    def page(self, address: int) -> memoryview:
        """Return the page at a physical address that is RAM, to be read and written while the board runs."""
        return self._view[address - RAM : address - RAM + PAGE_SIZE]

    def close(self) -> None:
        """Give the memory back. Whoever has pages must have released them."""
        self._view.release()
        self._map.close()
        os.close(self.fd)
