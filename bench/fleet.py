"""A thousand variants of the example host over two boards, as a user runs them: cold, unchanged, one tree changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from bench.measure import Figure, best

EXAMPLE = Path(__file__).parents[1] / "examples" / "spider"
SHARED = ("board.dts", "xen.dtso", "domd.dts", "domd.cfg", "panel.dts")
VARIANTS = 1000
SECOND_BOARD = 100
"""How many of the variants are on the second board."""


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_fleet(folder)
        sleep(0.1)  # what was written within the last tick of the clock is not kept
        cold, checked = _timed(folder)
        assert checked == VARIANTS
        yield Figure(f"{VARIANTS} variants, cold, in {len(os.sched_getaffinity(0))} processes", cold, "s", most=60)
        unchanged, checked = min(_timed(folder) for _ in range(3))
        assert checked == 0
        yield Figure("  nothing changed", unchanged, "s", most=1)
        with (folder / "boards" / "second" / "xen.dtso").open("a") as file:
            file.write("// changed\n")
        sleep(0.1)
        changed, checked = _timed(folder)
        assert checked == SECOND_BOARD
        yield Figure(f"  a tree changed that {SECOND_BOARD} of them share", changed, "s")
        size = sum(path.stat().st_size for path in (folder / "cache").rglob("*") if path.is_file())
        yield Figure("  the size of the cache", size / 1e6, "MB")
        one, two = best(lambda: _uncached(folder, 1), lambda: _uncached(folder, 2), times=3)
        yield Figure("  without a cache, -j1 against -j2", one / two, "×", least=1.7)
        yield Figure("  a variant with -j1", one / VARIANTS * 1000, "ms")


def write_fleet(folder: Path) -> None:
    """Write the variants: each has a guest of its own, and shares all else with the others on its board."""
    for board in ("first", "second"):
        (folder / "boards" / board).mkdir(parents=True)
        for file in SHARED:
            shutil.copy(EXAMPLE / file, folder / "boards" / board)
    manifest = (EXAMPLE / "host.toml").read_text()
    for file in SHARED:
        manifest = manifest.replace(f'"{file}"', f'"board:{file}"')
    for number in range(VARIANTS):
        variant = folder / "variants" / f"{number:04}"
        variant.mkdir(parents=True)
        for file in ("guest.cfg", "guest.dts"):
            note = "#" if file.endswith("cfg") else "//"
            (variant / file).write_text(f"{(EXAMPLE / file).read_text()}{note} variant {number}\n")
        board = "second" if number < SECOND_BOARD else "first"
        (variant / "host.toml").write_text(f'{manifest}\n[paths]\nboard = "../../boards/{board}"\n')


def _timed(folder: Path) -> tuple[float, int]:
    """Return how many seconds a check of all takes, and how many variants were not in the cache."""
    start = perf_counter()
    said = _check(folder, "variants/*/host.toml", "--cache", "cache", "--verbose")
    return perf_counter() - start, VARIANTS - said.count(": from the cache\n")


def _uncached(folder: Path, jobs: int) -> None:
    _check(folder, "variants/*/host.toml", "-j", str(jobs))


def _check(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "xenscmi", "check", "--hosts", *arguments]
    finished = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, check=True)
    return finished.stderr
