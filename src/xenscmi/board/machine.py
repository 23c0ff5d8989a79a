"""qemu as the board's machine: its command line, its process and the two lines to it, console and doorbell."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from xenscmi.board.layout import MEBIBYTE
from xenscmi.board.memory import Ram
from xenscmi.diagnostics import Diagnostic, XenscmiError

QEMU = "qemu-system-aarch64"
MONITOR = Path(__file__).parent / "monitor" / "monitor.bin"
KILL_SECONDS = 5


def find_qemu() -> str:
    """Return the path of qemu. Raises XenscmiError if it is not installed."""
    path = shutil.which(QEMU)
    if path is None:
        raise XenscmiError(
            Diagnostic(message=f"{QEMU} is not installed", help="Debian's package of it is qemu-system-arm")
        )
    return path


class Qemu:
    """A qemu that runs, and ends with the `with` block. `console` and `doorbell` are sockets, not blocking."""

    def __init__(self, ram: Ram, *, cpus: int, extra: tuple[str, ...] = ()) -> None:
        qemu = find_qemu()
        self.console, console = socket.socketpair()
        self.doorbell, doorbell = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        command = [qemu, *_arguments(ram, cpus, console.fileno(), doorbell.fileno()), *extra]
        try:
            self.process = subprocess.Popen(
                command,
                pass_fds=(ram.fd, console.fileno(), doorbell.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
            )
        finally:
            console.close()
            doorbell.close()
        for line in (self.console, self.doorbell):
            line.setblocking(False)

    def __enter__(self) -> Qemu:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def errors(self) -> str:
        """Return what qemu itself had to say."""
        self._errors.seek(0)
        return self._errors.read(4096).decode(errors="replace").strip()

    def close(self) -> None:
        """End qemu, whatever it is doing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(KILL_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.close()
        self.doorbell.close()
        self._errors.close()


def _arguments(ram: Ram, cpus: int, console: int, doorbell: int) -> list[str]:
    """Return qemu's arguments. `acpi=off`: else the normal world has no PL061, and Linux dies of its absence."""
    return [
        "-nodefaults",
        "-nographic",
        "-no-reboot",
        *("-machine", "virt,secure=on,virtualization=on,gic-version=3,acpi=off,memory-backend=ram"),
        *("-cpu", "cortex-a57"),
        *("-smp", str(cpus)),
        *("-m", f"{ram.size // MEBIBYTE}M"),
        *("-object", f"memory-backend-file,id=ram,share=on,size={ram.size},mem-path=/dev/fd/{ram.fd}"),
        *("-bios", str(MONITOR)),
        *("-chardev", f"socket,id=console,fd={console}", "-serial", "chardev:console"),
        *("-chardev", f"socket,id=doorbell,fd={doorbell}", "-serial", "chardev:doorbell"),
    ]
