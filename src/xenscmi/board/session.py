"""A board that runs: its doorbell is served, its console handed on, until it ends or time is up."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from xenscmi.board.doorbell import Doorbell, DoorbellError, MonitorFault, Ring
from xenscmi.board.machine import Qemu
from xenscmi.board.service import Service

_PANIC = re.compile(rb"Kernel panic - not syncing: .*|Panic on CPU \d+:")
_REPORT = re.compile(rb"xenscmi-report: (pass|fail)\b ?(.*)")
_LONGEST_LINE = 4096


class Ending(Enum):
    """How a run ended."""

    POWER_OFF = "the board was powered off"
    STOPPED = "it was stopped"
    TIMEOUT = "time was up"
    PANIC = "it panicked"
    MONITOR_FAULT = "the monitor met an exception"
    QEMU_FAILED = "qemu failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run.

    `reports` are what guests reported, (passed, words) each; `detail` says more about the ending; `messages` were
    exchanged; `seconds` is how long it took, `first_message` until the first of them.
    """

    ending: Ending
    detail: str
    reports: tuple[tuple[bool, str], ...]
    messages: int
    seconds: float
    first_message: float | None

    @property
    def passed(self) -> bool:
        """Whether the board ended by itself, or as it was told to, and no guest reported a failure."""
        ended_well = self.ending in (Ending.POWER_OFF, Ending.STOPPED)
        return ended_well and all(passed for passed, _ in self.reports)


class Session:
    """Runs a machine. `console` is called with every piece of what the guests print."""

    def __init__(self, machine: Qemu, service: Service, console: Callable[[bytes], None]) -> None:
        self._machine = machine
        self._service = service
        self._console = console
        self._doorbell = Doorbell()
        self._line = b""
        self._xen_panics = False
        self._reports: list[tuple[bool, str]] = []
        self._ending: tuple[Ending, str] | None = None
        self._first_message: float | None = None
        self._start = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._selector.register(machine.console, selectors.EVENT_READ, self._read_console)
        self._selector.register(machine.doorbell, selectors.EVENT_READ, self._read_doorbell)

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self._ending is not None

    def forward(self, source: socket.socket | int, read: Callable[[], bytes | None]) -> None:
        """Have what `read` returns typed on the console whenever the source is ready; None stops the board."""

        def typed() -> None:
            data = read()
            if data is None:
                self.stop(Ending.STOPPED, "by the user")
            elif data:
                self.type(data)
            else:
                self._selector.unregister(source)

        self._selector.register(source, selectors.EVENT_READ, typed)

    def type(self, data: bytes) -> None:
        """Type on the board's console."""
        self._machine.console.sendall(data)

    def stop(self, ending: Ending, detail: str = "") -> None:
        """End the run as soon as the present event is dealt with. The first reason counts."""
        if self._ending is None:
            self._ending = ending, detail

    def run(self, timeout: float) -> Outcome:
        """Serve the board until it ends, for `timeout` seconds at most."""
        deadline = time.monotonic() + timeout
        while self._ending is None:
            left = deadline - time.monotonic()
            if left <= 0:
                self.stop(Ending.TIMEOUT, f"after {timeout:.0f} s")
            self.serve(left)
        return self.outcome()

    def serve(self, seconds: float) -> None:
        """Wait at most this long for something to happen, and handle it."""
        for key, _ in self._selector.select(max(seconds, 0)):
            if self._ending is None:
                key.data()

    def close(self) -> None:
        """Free what a run holds."""
        self._selector.close()

    def outcome(self) -> Outcome:
        """Return what has come of the run so far."""
        ending, detail = self._ending or (Ending.STOPPED, "")
        return Outcome(
            ending=ending,
            detail=detail,
            reports=tuple(self._reports),
            messages=self._service.messages,
            seconds=time.monotonic() - self._start,
            first_message=self._first_message,
        )

    def _read_console(self) -> None:
        data = _receive(self._machine.console)
        if not data:
            self._ended()
            return
        self._console(data)
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-_LONGEST_LINE:]
        for line in lines:
            self._read_line(line)

    def _read_line(self, line: bytes) -> None:
        report, panic = _REPORT.search(line), _PANIC.search(line)
        if report:
            self._reports.append((report[1] == b"pass", report[2].decode(errors="replace").strip()))
        if self._xen_panics:  # Xen gives its reason on the line after
            self.stop(Ending.PANIC, line.removeprefix(b"(XEN) ").decode(errors="replace").strip())
        if panic and panic[0].startswith(b"Panic"):
            self._xen_panics = True
        elif panic:
            self.stop(Ending.PANIC, panic[0].decode(errors="replace").strip())

    def _read_doorbell(self) -> None:
        data = _receive(self._machine.doorbell)
        if not data:
            self._ended()
            return
        try:
            for event in self._doorbell.receive(data):
                self._serve(event)
        except DoorbellError as error:
            self.stop(Ending.MONITOR_FAULT, str(error))

    def _serve(self, event: Ring | MonitorFault) -> None:
        if isinstance(event, MonitorFault):
            self.stop(Ending.MONITOR_FAULT, f"CPU {event.cpu}: ESR {event.esr:#x}, ELR {event.elr:#x}")
            return
        if self._first_message is None:
            self._first_message = time.monotonic() - self._start
        self.answer(event, self._service.ring(event.func_id))

    def answer(self, ring: Ring, result: int) -> None:
        """Give a ring its result."""
        self._machine.doorbell.sendall(ring.answer(result))

    def _ended(self) -> None:
        """qemu closed its lines: it has ended, or is about to."""
        self._selector.unregister(self._machine.console)
        self._selector.unregister(self._machine.doorbell)
        status = self._machine.process.wait(10)
        if status == 0:
            self.stop(Ending.POWER_OFF)
        else:
            self.stop(Ending.QEMU_FAILED, self._machine.errors() or f"exit status {status}")


def _receive(line: socket.socket) -> bytes:
    try:
        return line.recv(1 << 16)
    except ConnectionError:
        return b""
