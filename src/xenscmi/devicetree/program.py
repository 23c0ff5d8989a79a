"""Runs dtc, fdtoverlay and the C preprocessor: no shell, a time limit, a memory limit, and PATH for an environment."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from xenscmi.devicetree.tree import DeviceTreeError
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Source, Span

CPU_LIMIT = 2
"""Seconds of a processor that a program may use for one source; the largest tree of a kernel needs a tenth of one."""

TIME_LIMIT = 30.0
"""Seconds until a program is stopped, on a machine that is busy with other things."""

MEMORY_LIMIT = 1 << 28
"""Bytes of address space that a program may use: macros that expand without end stop there."""

OUTPUT_LIMIT = 1 << 25
"""Bytes that a program may write."""

COMPLAINTS_LIMIT = 1 << 20
"""Bytes of what it complains about that are looked at."""

_INSTALL = {
    "dtc": "install dtc (Debian: device-tree-compiler)",
    "fdtoverlay": "install fdtoverlay, which comes with dtc (Debian: device-tree-compiler)",
    "cpp": "install the C preprocessor (Debian: cpp)",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program left behind: its exit status (a signal's number, negative), and what it wrote."""

    status: int
    output: bytes
    complaints: bytes


_TURN: list[Lock] = []


def run_one_at_a_time() -> None:
    """Let programs wait for each other: a process that is one of several at work takes one processor, not all."""
    if not _TURN:
        _TURN.append(Lock())


def run(command: list[str], text: bytes, directory: Path, span: Span) -> Finished:
    """Run a program in `directory`, with `text` on its standard input, and return what it leaves behind.

    Raises DeviceTreeError at `span` where it cannot be started or takes too long.
    """
    program = command[0]
    turn = _TURN[0] if _TURN else nullcontext()
    with turn, _memory(text) as given, _memory() as output, _memory() as complaints:
        try:
            with subprocess.Popen(
                command,
                stdin=given,
                stdout=output,
                stderr=complaints,
                cwd=directory,
                process_group=0,  # of its own: cpp starts another program
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            ) as process:
                _limit(process.pid)
                try:
                    _wait(process)
                except BaseException:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise
        except subprocess.TimeoutExpired:
            message = f"{program} was stopped: it took more than {TIME_LIMIT:g} s"
            raise DeviceTreeError(Diagnostic(message=message, span=span)) from None
        except OSError as error:
            where, help = ("", _INSTALL[program]) if error.filename == program else (f" in {error.filename}", "")
            message = f"cannot run {program}{where}: {error.strerror}"
            raise DeviceTreeError(Diagnostic(message=message, span=span, help=help)) from None
        stopped = _STOPPED.get(-process.returncode)
        if stopped:
            message = f"{program} was stopped: {stopped}"
            raise DeviceTreeError(Diagnostic(message=message, span=span))
        return Finished(process.returncode, _content(output), _content(complaints, COMPLAINTS_LIMIT))


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait as `Popen.wait(TIME_LIMIT)` does, which looks now and then: here the kernel wakes us."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:  # before Linux 5.3
        process.wait(TIME_LIMIT)
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(1000 * TIME_LIMIT):
            raise subprocess.TimeoutExpired(process.args, TIME_LIMIT)
    finally:
        os.close(descriptor)
    process.wait()


def dtc_version() -> str:
    """Return what dtc says of its version. Raises DeviceTreeError where there is no dtc."""
    said = run(["dtc", "--version"], b"", Path(), Span(Source("dtc", ""), 0, 0)).output
    return said.decode("ascii", "replace").strip().removeprefix("Version: ")


_STOPPED: dict[int, str] = {
    signal.SIGXCPU: f"it took more than {CPU_LIMIT} s",
    signal.SIGXFSZ: f"it wrote more than {OUTPUT_LIMIT >> 20} MiB",
}


def _limit(pid: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, CPU_LIMIT),
        (resource.RLIMIT_FSIZE, OUTPUT_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # a stricter limit that is in force already stays
            resource.prlimit(pid, what, (most, most))


def _memory(content: bytes = b"") -> BinaryIO:
    """Return an unnamed file in memory: nothing of it is left behind, however this process ends."""
    file = os.fdopen(os.memfd_create("xenscmi"), "w+b")
    file.write(content)
    file.seek(0)
    return file


def _content(file: BinaryIO, most: int = OUTPUT_LIMIT) -> bytes:
    file.seek(0)
    return file.read(most)
