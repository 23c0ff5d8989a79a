"""Running a whole host: as a cold command, and in a process that is warm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.host import write_host
from bench.measure import Figure, best
from xenscmi.cli.files import load_host
from xenscmi.simulation.simulate import simulate

EXAMPLE = Path(__file__).parents[1] / "examples" / "spider"


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    command = [sys.executable, "-m", "xenscmi", "simulate", str(EXAMPLE)]
    host = load_host([str(EXAMPLE)]).host
    reference, cold, warm = best(
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        lambda: subprocess.run(command, check=True, capture_output=True),
        lambda: simulate(host),
        times=10,
    )
    yield Figure("the example host booted and simulated, cold", cold, "s", most=1)
    yield Figure("the same against `python3 -c pass`", cold / reference, "×")
    yield Figure("the same in a warm process, files read", warm * 1000, "ms")
    with TemporaryDirectory() as name:
        folder = Path(name, "full")
        write_host(folder, agents=254)
        full = load_host([str(folder)]).host
        most, *_ = best(lambda: simulate(full), times=3)
        yield Figure("254 agents that try 762 resources, files read", most, "s", most=3)
