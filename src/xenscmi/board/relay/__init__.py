"""The host's side of the relay: an agent whose every message goes over the console, a real page and a real SMC."""

from __future__ import annotations

import time
from pathlib import Path

from xenscmi.board.session import Session
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.shmem import Area

IMAGE = Path(__file__).parent / "relay.bin"

_AT_UART = 0x40
_READY = b"relay ready"
_AT_STATUS = 4  # of the page, what a line brings and takes begins here
_SECONDS = 10.0


def relay_image(uart: int | None = None) -> bytes:
    """Return the relay as an arm64 image; `uart` is the address of its console where that is not the board's own."""
    image = bytearray(IMAGE.read_bytes())
    if uart is not None:
        image[_AT_UART : _AT_UART + 8] = uart.to_bytes(8, "little")
    return bytes(image)


class RelayError(XenscmiError):
    """The relay does not answer as it should."""

    def __init__(self, reason: str) -> None:
        super().__init__(Diagnostic(message=f"the board's relay: {reason}"))


class Relay:
    """Rings channels from inside a board. Give `receive` to the board as its console, then `connect` to its session."""

    def __init__(self) -> None:
        self._pending = b""
        self._lines: list[bytes] = []
        self._session: Session | None = None

    def receive(self, data: bytes) -> None:
        """Take what the relay prints."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        self._lines += lines

    def connect(self, session: Session) -> None:
        """Wait until the relay runs. Raises RelayError if it does not."""
        self._session = session
        while _READY not in self._line():
            pass

    def ring(self, func_id: int, address: int, area: Area) -> int:
        """Write an area to the page at an address, call the function id, read the page back into the area.

        Returns what the call returned. Bytes behind the message are not carried.
        """
        length = int.from_bytes(area[0x14:0x18], "little")
        message = area[_AT_STATUS : 0x18 + length]
        fields = self._ask(f"r {func_id:x} {address:x} {message.hex()}\n", "a", 2)
        back = bytes.fromhex(fields[1])[: len(area) - _AT_STATUS]
        area[_AT_STATUS : _AT_STATUS + len(back)] = back
        return _signed(fields[0])

    def call(self, func_id: int, *arguments: int) -> tuple[int, ...]:
        """Make a secure monitor call with up to three arguments; return x0, signed, and x1 to x3."""
        words = [*arguments, 0, 0, 0][:3]
        fields = self._ask(f"s {func_id:x} {' '.join(f'{word:x}' for word in words)}\n", "b", 4)
        return _signed(fields[0]), *(int(field, 16) for field in fields[1:])

    def peek(self, address: int, count: int) -> bytes:
        """Return `count` bytes of the normal world's memory."""
        return bytes.fromhex(self._ask(f"p {address:x} {count:x}\n", "c", 1)[0])

    def poke(self, address: int, data: bytes) -> None:
        """Write to the normal world's memory, 4096 bytes at most."""
        self._ask(f"w {address:x} {data.hex()}\n", "c", 1)

    def power_off(self) -> None:
        """Have the relay power the board off."""
        assert self._session is not None
        self._session.type(b"q")

    def _ask(self, line: str, tag: str, count: int) -> list[str]:
        assert self._session is not None
        self._session.type(line.encode())
        answer = self._line().decode(errors="replace")
        fields = answer[1:].split(" ")
        if not answer.startswith(tag) or len(fields) != count:
            raise RelayError(f"`{answer}' is not an answer to `{line[:1]}'")
        try:
            for field in fields:
                bytes.fromhex(field)
        except ValueError:
            raise RelayError(f"`{answer}' has a field that is not hexadecimal") from None
        return fields

    def _line(self) -> bytes:
        assert self._session is not None
        deadline = time.monotonic() + _SECONDS
        while not self._lines:
            left = deadline - time.monotonic()
            if left <= 0:
                raise RelayError(f"no answer for {_SECONDS:.0f} s")
            self._session.serve(left)
            if self._session.ended and not self._lines:
                raise RelayError(f"the board is gone: {self._session.outcome().ending.value}")
        return self._lines.pop(0).strip()


def _signed(field: str) -> int:
    return int.from_bytes(bytes.fromhex(field), "big", signed=True)
