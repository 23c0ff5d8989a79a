"""What the EL3 monitor and the platform say to each other over the secure UART. Bytes in, events out; no I/O.

ring    0xA0 + cpu, number, function id (4 bytes, little endian)    answered by: number, result (a signed byte)
fault   0xE0 + cpu, ESR_EL3 (4 bytes), ELR_EL3 (8 bytes)            the monitor then powers the board off
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_RING = struct.Struct("<BBI")
_FAULT = struct.Struct("<BIQ")
_RING_TAG, _FAULT_TAG, _TAG_MASK = 0xA0, 0xE0, 0xF0

ANSWER_SECONDS = 5
"""How long the monitor waits for an answer before the caller gets NOT_SUPPORTED."""


class Ring(NamedTuple):
    """A CPU's SMC in the SiP or OEM range; `number` counts the rings, modulo 256."""

    cpu: int
    number: int
    func_id: int

    def answer(self, result: int) -> bytes:
        """Return the bytes that give the caller a result, -128 to 127, in x0."""
        return struct.pack("<Bb", self.number, result)


class MonitorFault(NamedTuple):
    """An exception that the monitor did not expect: the syndrome, and where it was taken from."""

    cpu: int
    esr: int
    elr: int


class DoorbellError(Exception):
    """Bytes that no monitor sends."""


class Doorbell:
    """Puts the monitor's messages together again, however the bytes arrive."""

    def __init__(self) -> None:
        self._pending = b""

    def receive(self, data: bytes) -> Iterator[Ring | MonitorFault]:
        """Yield the messages that are complete. Raises DoorbellError at a byte that begins none."""
        self._pending += data
        while self._pending:
            tag = self._pending[0] & _TAG_MASK
            if tag not in (_RING_TAG, _FAULT_TAG):
                raise DoorbellError(f"the monitor sent {self._pending[0]:#04x}, which begins no message")
            form = _RING if tag == _RING_TAG else _FAULT
            if len(self._pending) < form.size:
                return
            first, *rest = form.unpack_from(self._pending)
            self._pending = self._pending[form.size :]
            cpu = first & ~_TAG_MASK
            yield Ring(cpu, *rest) if tag == _RING_TAG else MonitorFault(cpu, *rest)
