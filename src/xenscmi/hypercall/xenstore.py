"""Xenstore by libxenstore: reading, and writing in transactions."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from xenscmi.diagnostics import Diagnostic
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.libraries import NoXenError, load_library

_LIBRARIES = ("libxenstore.so.4", "libxenstore.so.3.0")
_PERM_NONE, _PERM_READ = 0, 1
# A transaction that loses against another is done again; this often means that something else is wrong.
_MOST_TRIES = 100


class _Permissions(ctypes.Structure):
    """struct xs_permissions: the first of a list is the owner, with what everybody else may do."""

    _fields_ = (("id", ctypes.c_uint), ("perms", ctypes.c_uint))


def readable_by(domid: int, owner: int = 0) -> tuple[tuple[int, int], ...]:
    """Return the permissions of what its owner writes and one other domain reads."""
    return ((owner, _PERM_NONE), (domid, _PERM_READ))


def owned_by(domid: int) -> tuple[tuple[int, int], ...]:
    """Return the permissions of what only one domain, besides dom0, may read and write."""
    return ((domid, _PERM_NONE),)


class Xenstore:
    """A connection to xenstored; use it in a `with`, or close it.

    Paths are absolute. What fails raises HypercallError with xenstored's errno; reading what is not there is None.
    """

    def __init__(self) -> None:
        self._library = library = _load()
        pointer, transaction, text = ctypes.c_void_p, ctypes.c_uint, ctypes.c_char_p
        count = ctypes.POINTER(ctypes.c_uint)
        library.xs_open.restype, library.xs_open.argtypes = pointer, [ctypes.c_ulong]
        library.xs_close.restype, library.xs_close.argtypes = None, [pointer]
        library.xs_read.restype, library.xs_read.argtypes = pointer, [pointer, transaction, text, count]
        library.xs_directory.restype = ctypes.POINTER(ctypes.c_char_p)
        library.xs_directory.argtypes = [pointer, transaction, text, count]
        library.xs_write.argtypes = [pointer, transaction, text, ctypes.c_char_p, ctypes.c_uint]
        library.xs_mkdir.argtypes = library.xs_rm.argtypes = [pointer, transaction, text]
        library.xs_set_permissions.argtypes = [
            *(pointer, transaction, text),
            *(ctypes.POINTER(_Permissions), ctypes.c_uint),
        ]
        library.xs_transaction_start.restype, library.xs_transaction_start.argtypes = transaction, [pointer]
        library.xs_transaction_end.argtypes = [pointer, transaction, ctypes.c_bool]
        library.xs_introduce_domain.argtypes = [pointer, ctypes.c_uint, ctypes.c_ulong, ctypes.c_uint]
        for name in ("write", "mkdir", "rm", "set_permissions", "transaction_end", "introduce_domain"):
            getattr(library, f"xs_{name}").restype = ctypes.c_bool
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [pointer]
        self._handle = library.xs_open(0)
        self._transaction = 0
        if not self._handle:
            reason = os.strerror(ctypes.get_errno())
            help_text = "start xenstored: systemctl start xenstored, or your system's script"
            raise NoXenError(Diagnostic(message=f"xenstore cannot be opened: {reason}", help=help_text))

    def close(self) -> None:
        self._library.xs_close(self._handle)
        self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: str) -> str | None:
        """Return the value at a path; bytes that are not text are escaped."""
        length = ctypes.c_uint()
        address = self._library.xs_read(self._handle, self._transaction, path.encode(), ctypes.byref(length))
        if not address:
            self._nothing("xs_read")
            return None
        try:
            return ctypes.string_at(address, length.value).decode("utf-8", "backslashreplace")
        finally:
            self._free(address)

    def directory(self, path: str) -> list[str]:
        """Return the names below a path; nothing where it is not there."""
        count = ctypes.c_uint()
        names = self._library.xs_directory(self._handle, self._transaction, path.encode(), ctypes.byref(count))
        if not names:
            self._nothing("xs_directory")
            return []
        try:
            return [names[index].decode("utf-8", "backslashreplace") for index in range(count.value)]
        finally:
            self._free(ctypes.cast(names, ctypes.c_void_p))

    def write(self, path: str, value: str) -> None:
        data = value.encode()
        self._check(self._library.xs_write(self._handle, self._transaction, path.encode(), data, len(data)), "xs_write")

    def make(self, path: str, permissions: Sequence[tuple[int, int]]) -> None:
        """Make a node, empty where it is new, with these permissions."""
        self._check(self._library.xs_mkdir(self._handle, self._transaction, path.encode()), "xs_mkdir")
        self.permit(path, permissions)

    def permit(self, path: str, permissions: Sequence[tuple[int, int]]) -> None:
        """Set a node's permissions."""
        array = (_Permissions * len(permissions))(*(_Permissions(*each) for each in permissions))
        done = self._library.xs_set_permissions(self._handle, self._transaction, path.encode(), array, len(permissions))
        self._check(done, "xs_set_permissions")

    def remove(self, path: str) -> None:
        """Remove a node and all below it, if it is there."""
        if not self._library.xs_rm(self._handle, self._transaction, path.encode()):
            self._nothing("xs_rm")

    def introduce_domain(self, domid: int, gfn: int, port: int) -> None:
        """Tell xenstored of a domain: where its ring is, and the port of its event channel."""
        done = self._library.xs_introduce_domain(self._handle, domid, gfn, port)
        self._check(done, "xs_introduce_domain")

    def transact(self, work: Callable[[Self], None]) -> None:
        """Do some reading and writing as one, again where somebody else came between. What raises changes nothing."""
        for _ in range(_MOST_TRIES):
            self._transaction = self._library.xs_transaction_start(self._handle)
            self._check(self._transaction, "xs_transaction_start")
            try:
                work(self)
            except BaseException:
                self._end(abort=True)
                raise
            if self._end(abort=False):
                return
        raise HypercallError(errno.EAGAIN, "xs_transaction_end")

    def _end(self, *, abort: bool) -> bool:
        transaction, self._transaction = self._transaction, 0
        done: bool = self._library.xs_transaction_end(self._handle, transaction, abort)
        if not done and not abort and ctypes.get_errno() != errno.EAGAIN:
            raise HypercallError(ctypes.get_errno(), "xs_transaction_end")
        return done

    def _check(self, done: object, name: str) -> None:
        if not done:
            raise HypercallError(ctypes.get_errno(), name)

    def _nothing(self, name: str) -> None:
        if ctypes.get_errno() != errno.ENOENT:
            raise HypercallError(ctypes.get_errno(), name)


def _load() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            return load_library(name, "libxenstore4")
        except NoXenError:
            continue
    return load_library(_LIBRARIES[0], "libxenstore4")
