"""Every door of tools/fuzz.py holds against a thousand broken inputs; an hour of them is for people to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FUZZ = str(REPOSITORY / "tools/fuzz.py")
DOORS = (
    *("xlcfg", "libxl_json", "createdomain", "dtb", "dts", "overlay", "dialect", "fixes", "manifest", "imagebuilder"),
    *("comments", "dump", "page", "state"),
)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_a_thousand_broken_inputs(door: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, FUZZ, door, "--cases", "1000", "--seconds", "20", "--seed", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cases, 0 findings" in done.stdout


def test_there_is_a_test_of_each_door() -> None:
    asked = [sys.executable, FUZZ, "--help"]
    help = " ".join(subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split())
    assert f"all of {', '.join(DOORS)})" in help
