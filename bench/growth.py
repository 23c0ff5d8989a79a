"""How time and memory grow with what a file can hold: each axis at three sizes, each four times the one before.

Linear growth is 4× from size to size, less what a command takes for nothing; the square would be 16×.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.axes import AXES, Axis

from bench.measure import Figure


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    nothing, idle = _cost(("--version",), Path())
    for name, axis in AXES.items():
        costs = [_at(axis, size) for size in axis.sizes]
        times = [max(seconds - nothing, 0.01) for seconds, _ in costs]
        memory = [max(kib - idle, 1) >> 10 for _, kib in costs]
        remark = f"{', '.join(f'{each:.2f}' for each in times)} s; {', '.join(map(str, memory))} MiB; linear: 4"
        yield Figure(f"{name}, {axis.sizes[1]} to {axis.sizes[2]}", times[2] / times[1], "×", most=8, remark=remark)


def _at(axis: Axis, size: int) -> tuple[float, int]:
    with TemporaryDirectory() as folder:
        for name, content in axis.files(size).items():
            path = Path(folder, name)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return _cost(axis.command, Path(folder))


def _cost(arguments: tuple[str, ...], folder: Path) -> tuple[float, int]:
    """Return the processor's seconds and the most KiB of memory that a command takes, its children's included."""
    command = [sys.executable, "-m", "xenscmi", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss
