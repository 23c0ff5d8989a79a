"""Runs dtc, fdtoverlay and the C preprocessor: no shell, a time limit, a memory limit, and PATH for an environment."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xenscmi.devicetree.tree import DeviceTreeError
from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Span

TIME_LIMIT = 10.0
"""Seconds that a program may take for one source; the largest tree of a kernel needs a tenth of one."""

MEMORY_LIMIT = 1 << 28
"""Bytes of address space that a program may use: `/incbin/` of /dev/zero ends there."""

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


def run(command: list[str], text: bytes, directory: Path, span: Span) -> Finished:
    """Run a program in `directory`, with `text` on its standard input, and return what it leaves behind.

    Raises DeviceTreeError at `span` where it cannot be started or takes too long.
    """
    program = command[0]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        ) as process:
            with suppress(OSError):  # a stricter limit that is in force already stays
                resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
            try:
                output, complaints = process.communicate(text, TIME_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                message = f"{program} was stopped: it took more than {TIME_LIMIT:g} s"
                raise DeviceTreeError(Diagnostic(message=message, span=span)) from None
    except OSError as error:
        where, help = ("", _INSTALL[program]) if error.filename == program else (f" in {error.filename}", "")
        message = f"cannot run {program}{where}: {error.strerror}"
        raise DeviceTreeError(Diagnostic(message=message, span=span, help=help)) from None
    return Finished(process.returncode, output, complaints)
