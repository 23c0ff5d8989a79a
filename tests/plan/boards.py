"""Boards for the tests of plans: a small one written out, and ones that hypothesis draws."""

from __future__ import annotations

import json
import subprocess
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from xenscmi.cli import main

SMALL = (Path(__file__).parent / "small.dts").read_text()

MAP = """\
name = "small"
compatible = ["lab,small"]

[[clocks]]
provider = "/soc/clock-controller@e0e00000"
ids = { "0 3" = 3 }
runs = [{ cells = "1 10", count = 14, id = 110 }]

[[resets]]
provider = "/soc/clock-controller@e0e00000"
ids = { "12" = 212 }

[[power_domains]]
provider = "/soc/clock-controller@e0e00000"
ids = { "2" = 2 }
"""

HEAD = """\
[board]
device_tree = "board.dts"
pins = "boot-loader"

[firmware]
map = "small.toml"
"""


@dataclass(slots=True)
class Workplace:
    """A folder with a plan, and what one does with it."""

    folder: Path

    def write(self, plan: str, board: str = SMALL, **files: str) -> None:
        """Write the plan, its board and its map."""
        (self.folder / "plan.toml").write_text(plan)
        (self.folder / "board.dts").write_text(board)
        (self.folder / "small.toml").write_text(MAP)
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def plan(self, action: str, *arguments: str) -> int:
        """Run a command of `xenscmi plan` on it."""
        return main(["plan", action, str(self.folder), "-q", *arguments])

    def check(self) -> int:
        """Return what `xenscmi check` ends with on the rendered host; the least remark counts."""
        return main(["check", "--severity", "info", str(self.host)])

    def simulate(self) -> dict[str, Any]:
        """Return what `xenscmi simulate` saw on the rendered host."""
        buffer = BytesIO()
        with redirect_stdout(TextIOWrapper(buffer, write_through=True)):
            main(["simulate", "--json", str(self.host)])
            found: dict[str, Any] = json.loads(buffer.getvalue())
        return found

    @property
    def host(self) -> Path:
        """The folder of the rendered files."""
        return self.folder / "host"

    def read(self, name: str) -> str:
        """Return a rendered file."""
        return (self.host / name).read_text()

    def snapshot(self) -> dict[str, bytes]:
        """Return all rendered files and the lock."""
        found = {str(path.relative_to(self.host)): path.read_bytes() for path in self.host.rglob("*") if path.is_file()}
        return found | {"plan.lock": (self.folder / "plan.lock").read_bytes()}


def compile_all(folder: Path, into: Path) -> dict[str, Path]:
    """Compile every source of a rendered host with the real dtc; fails on any warning. Return the blobs by source."""
    found = {}
    for path in sorted(folder.glob("*.dts*")):
        blob = into / f"{path.name}.dtb"
        done = subprocess.run(
            ["dtc", "-@", "-I", "dts", "-O", "dtb", "-o", blob, path], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        found[path.name] = blob
    return found


def merge(folder: Path, into: Path) -> Path:
    """Compile a rendered host and apply its overlays with the real fdtoverlay; return the host's tree."""
    blobs = compile_all(folder, into)
    merged = into / "merged.dtb"
    files = (folder / "board.dtb", "-o", merged, blobs["xen.dtso"], blobs["domains.dtso"])
    command = ["fdtoverlay", "-i", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return merged
