"""Channels to a platform outside of this process: behind a Unix socket, or behind a running Linux's raw mode.

Unix socket: a stream. A message is its length (4 bytes, little endian), then the message header and the payload, which
the length counts; the answer comes the same way. The socket is the agent: a server has one for each.

Raw mode (Linux `Documentation/ABI/testing/debugfs-scmi-raw`): a message with its header is written to a file, and the
answer is read from it; the kernel's own drivers are not there meanwhile.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from pathlib import Path
from types import TracebackType

from xenscmi.conformance.verdict import PlatformGone
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.header import Header
from xenscmi.scmi.shmem import Posted

SECONDS = 5.0
LARGEST_MESSAGE = 1 << 16
_LENGTH, _HEADER = struct.Struct("<I"), struct.Struct("<I")


class UnixSocket:
    """A channel over a Unix socket. Raises PlatformGone if no server listens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(SECONDS)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise PlatformGone(f"cannot connect to {path}: {error.strerror or error}") from None

    def __enter__(self) -> UnixSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def __call__(self, posted: Posted) -> Posted:
        """Carry a message there and bring the answer."""
        message = _HEADER.pack(posted.header) + posted.payload
        try:
            self._socket.sendall(_LENGTH.pack(len(message)) + message)
            (length,) = _LENGTH.unpack(self._receive(_LENGTH.size))
            if length > LARGEST_MESSAGE:
                raise PlatformGone(f"{self._path}: an answer of {length} bytes; the most is {LARGEST_MESSAGE}")
            return _posted(self._receive(length))
        except TimeoutError:
            raise PlatformGone(f"{self._path}: no answer for {SECONDS:.0f} s") from None
        except OSError as error:
            raise PlatformGone(f"{self._path}: {error.strerror or error}") from None

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise PlatformGone(f"{self._path}: the platform has closed the connection")
            data += part
        return data


class RawMode:
    """A channel over a running Linux: `folder` is one instance's, such as /sys/kernel/debug/scmi/0.

    Raises PlatformGone if the kernel has no raw mode, or the caller may not use it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "raw" / "message"
        try:
            self._fd = os.open(self._file, os.O_RDWR)
        except OSError as error:
            raise PlatformGone(
                f"cannot open {self._file}: {error.strerror}",
                "a kernel with CONFIG_ARM_SCMI_RAW_MODE_SUPPORT is needed, debugfs mounted, and root",
            ) from None

    def __enter__(self) -> RawMode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def __call__(self, posted: Posted) -> Posted:
        """Carry a message there and bring the answer."""
        try:
            os.write(self._fd, _HEADER.pack(posted.header) + posted.payload)
            ready, _, _ = select.select([self._fd], [], [], SECONDS)
            if not ready:
                raise _no_answer(f"{self._file}: no answer for {SECONDS:.0f} s")
            return _posted(os.read(self._fd, LARGEST_MESSAGE))
        except OSError as error:
            raise _no_answer(f"{self._file}: {error.strerror or error}") from None


def _no_answer(reason: str) -> XenscmiError:
    """Return the error of one message: the test that sent it has failed, and the next one may succeed."""
    return XenscmiError(Diagnostic(message=reason))


def _posted(message: bytes) -> Posted:
    if len(message) < _HEADER.size:
        raise _no_answer(f"an answer of {len(message)} bytes: no room for a message header")
    return Posted(Header(_HEADER.unpack_from(message)[0]), message[_HEADER.size :])
