"""Xen's ABI-stable libraries by ctypes: libxencall and libxenforeignmemory.

libxenctrl and libxenlight change with every release of Xen; these do not (tools/include/xencall.h and
xenforeignmemory.h), so that one xenscmi serves every dom0. libxenstore is in `xenstore`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.hypercall.errors import HypercallError

PAGE_SIZE = 4096
_PROT_READ, _PROT_WRITE = 1, 2
_GRANT_TABLE, _SHARED = 1, 0  # XENMEM_resource_grant_table, XENMEM_resource_grant_table_id_shared


class NoXenError(XenscmiError):
    """This is not a dom0: Xen's libraries or its device are missing."""


def load_library(name: str, package: str) -> ctypes.CDLL:
    """Return one of Xen's libraries. Raises NoXenError if it is missing."""
    try:
        return ctypes.CDLL(name, use_errno=True)
    except OSError:
        help_text = f"run this in dom0, with Xen's tools installed (Debian: {package})"
        raise NoXenError(Diagnostic(message=f"{name} is not here", help=help_text)) from None


def _no_access(what: str) -> NoXenError:
    reason = os.strerror(ctypes.get_errno())
    help_text = "run this as root in dom0 (needs /dev/xen/privcmd, module xen-privcmd)"
    return NoXenError(Diagnostic(message=f"{what} cannot be opened: {reason}", help=help_text))


class HypercallBuffer:
    """Memory that Xen may read and write during a hypercall; `address` is what the hypercall is given."""

    def __init__(self, address: int, size: int) -> None:
        self.address = address
        self._bytes = (ctypes.c_char * size).from_address(address)

    def read(self, size: int | None = None) -> bytes:
        """Return the first bytes; all where `size` is not given."""
        return self._bytes.raw[:size]


class Hypercalls:
    """The way into Xen (libxencall). Close it, or use it in a `with`."""

    def __init__(self) -> None:
        library = load_library("libxencall.so.1", "libxencall1")
        library.xencall_open.restype = ctypes.c_void_p
        library.xencall_open.argtypes = [ctypes.c_void_p, ctypes.c_uint]
        library.xencall_close.argtypes = [ctypes.c_void_p]
        library.xencall_alloc_buffer.restype = ctypes.c_void_p
        library.xencall_alloc_buffer.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        library.xencall_free_buffer.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        library.xencall2.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint64, ctypes.c_uint64]
        self._library = library
        self._handle = library.xencall_open(None, 0)
        if not self._handle:
            raise _no_access("/dev/xen/privcmd")

    def close(self) -> None:
        self._library.xencall_close(self._handle)
        self._handle = None

    @contextmanager
    def buffer(self, content: bytes) -> Iterator[HypercallBuffer]:
        """Give a buffer that begins with this content; its size is the content's."""
        size = max(len(content), 1)
        address = self._library.xencall_alloc_buffer(self._handle, size)
        if not address:
            raise HypercallError(ctypes.get_errno(), "xencall_alloc_buffer")
        try:
            ctypes.memmove(address, content, len(content))
            yield HypercallBuffer(address, size)
        finally:
            self._library.xencall_free_buffer(self._handle, address)

    def call(self, name: str, op: int, first: int, second: int = 0) -> int:
        """Make a hypercall and return what Xen answers; `name` is for messages.

        Raises HypercallError with Xen's errno where it refuses.
        """
        result: int = self._library.xencall2(self._handle, op, first, second)
        if result < 0:
            raise HypercallError(ctypes.get_errno(), name)
        return result


class ForeignMemory:
    """Pages of other domains, mapped here (libxenforeignmemory). A mapped page keeps a destroyed domain from going."""

    def __init__(self) -> None:
        library = load_library("libxenforeignmemory.so.1", "libxenforeignmemory1")
        library.xenforeignmemory_open.restype = ctypes.c_void_p
        library.xenforeignmemory_open.argtypes = [ctypes.c_void_p, ctypes.c_uint]
        library.xenforeignmemory_close.argtypes = [ctypes.c_void_p]
        library.xenforeignmemory_map.restype = ctypes.c_void_p
        library.xenforeignmemory_map.argtypes = [
            *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_size_t),
            *(ctypes.POINTER(ctypes.c_uint64), ctypes.c_void_p),
        ]
        library.xenforeignmemory_unmap.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        library.xenforeignmemory_map_resource.restype = ctypes.c_void_p
        library.xenforeignmemory_map_resource.argtypes = [
            *(ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint, ctypes.c_uint, ctypes.c_ulong, ctypes.c_ulong),
            *(ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int),
        ]
        library.xenforeignmemory_unmap_resource.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self._library = library
        self._handle = library.xenforeignmemory_open(None, 0)
        if not self._handle:
            raise _no_access("/dev/xen/privcmd")

    def close(self) -> None:
        self._library.xenforeignmemory_close(self._handle)
        self._handle = None

    @contextmanager
    def pages(self, domid: int, gfns: Sequence[int]) -> Iterator[memoryview]:
        """Give the pages at these guest frames, one behind the other, to be read and written. Raises HypercallError."""
        frames = (ctypes.c_uint64 * len(gfns))(*gfns)
        address = self._library.xenforeignmemory_map(
            self._handle, domid, _PROT_READ | _PROT_WRITE, len(gfns), frames, None
        )
        if not address:
            raise HypercallError(ctypes.get_errno(), "xenforeignmemory_map")
        try:
            yield memoryview((ctypes.c_ubyte * (len(gfns) * PAGE_SIZE)).from_address(address)).cast("B")
        finally:
            self._library.xenforeignmemory_unmap(self._handle, address, len(gfns))

    @contextmanager
    def grant_table(self, domid: int) -> Iterator[memoryview]:
        """Give the first page of a domain's grant table. Raises HypercallError."""
        address = ctypes.c_void_p()
        resource = self._library.xenforeignmemory_map_resource(
            *(self._handle, domid, _GRANT_TABLE, _SHARED, 0, 1),
            *(ctypes.byref(address), _PROT_READ | _PROT_WRITE, 0),
        )
        if not resource or not address.value:
            raise HypercallError(ctypes.get_errno(), "xenforeignmemory_map_resource")
        try:
            yield memoryview((ctypes.c_ubyte * PAGE_SIZE).from_address(address.value)).cast("B")
        finally:
            self._library.xenforeignmemory_unmap_resource(self._handle, resource)
