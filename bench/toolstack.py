"""xl.cfg to JSON: cold start against Python's own, many files in one process, growth with files and lists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Figure, best
from xenscmi.config.json import to_json
from xenscmi.config.parse import parse_xlcfg
from xenscmi.source import Source

EXAMPLE = Path(__file__).parents[1] / "examples" / "guests" / "domd.cfg"
CONFIGURATIONS = 1000


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    script = Path(sys.executable).with_name("xenscmi")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "xenscmi"]
    reference, cold = best(
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        lambda: subprocess.run([*command, "create", "-n", "-q", EXAMPLE], check=True, stdout=subprocess.DEVNULL),
        times=40,
    )
    yield Figure("create -n, cold, against `python3 -c pass`", cold / reference, "×", most=5, remark="aim 3")
    text = EXAMPLE.read_text()
    thousand, hundred = best(lambda: _parse(text, CONFIGURATIONS), lambda: _parse(text, CONFIGURATIONS // 10), times=5)
    yield Figure(
        "one configuration of a thousand in one process",
        thousand / CONFIGURATIONS * 1000,
        "ms",
        most=1,
        remark="aim 0.5",
    )
    yield Figure("1000 files against 100", thousand / hundred, "×", most=13, remark="linear: 10")
    long, longer = _with_list(10_000), _with_list(100_000)
    short, tall = best(lambda: _parse(long, 1), lambda: _parse(longer, 1), times=5)
    yield Figure("100,000 list elements against 10,000", tall / short, "×", most=13, remark="linear: 10")


def _parse(text: str, times: int) -> None:
    for _ in range(times):
        to_json(parse_xlcfg(Source("bench", text)).config)


def _with_list(length: int) -> str:
    irqs = ", ".join(str(40 + index % 900) for index in range(length))
    return f'name = "bench"\nkernel = "/boot/Image"\nirqs = [ {irqs} ]\n'
