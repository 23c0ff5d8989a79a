"""Hosts in EPAM's dialects, and the programs of the field that apply what `convert` writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HOSTS = Path(__file__).parent / "hosts"


class Tools:
    """dtc, fdtoverlay and fdtput, as a build or a boot script uses them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compile(self, source: Path, *, symbols: bool = True) -> Path:
        """Return the blob of a source, which dtc must accept without a warning if `convert` wrote it."""
        target = self.folder / f"{source.stem}{'.dtbo' if source.suffix == '.dtso' else '.dtb'}"
        options = ["-@"] if symbols else []
        made = subprocess.run(
            ["dtc", *options, "-O", "dtb", "-o", target, source], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        assert "-v8" not in source.name or not made.stderr, made.stderr
        return target

    def overlay(self, base: Path, *overlays: Path, name: str = "merged.dtb") -> Path:
        """Return a base with overlays, as fdtoverlay makes it."""
        target = self.folder / name
        subprocess.run(["fdtoverlay", "-i", base, "-o", target, *overlays], check=True)
        return target

    def delete(self, blob: Path, commands: Path) -> None:
        """Do what a script for U-Boot says: fdtput deletes as `fdt rm` does."""
        for line in commands.read_text().splitlines():
            if line.startswith("#"):
                continue
            program, verb, path, *rest = line.split()
            assert (program, verb) == ("fdt", "rm")
            names = [each.strip("'") for each in rest]
            subprocess.run(["fdtput", "-d" if names else "-r", blob, path, *names], check=True)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    folder = tmp_path / "built"
    folder.mkdir()
    return Tools(folder)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """A copy of the hosts, to be changed."""
    return Path(shutil.copytree(HOSTS, tmp_path / "hosts"))
