"""The example host in a folder of its own, and the programs that integrations are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INTEGRATIONS = ROOT / "integrations"
PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
"""The programs of this environment, xenscmi among them, come before others of the same names."""

Result = subprocess.CompletedProcess[str]


def program(name: str) -> str:
    """Return the path of a program; skip the test if it is not installed."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


class Product:
    """A folder with the example host in `host/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples" / "spider", folder / "host")

    def copy(self, name: str, to: str) -> Path:
        """Copy a file or a folder of `integrations`."""
        source, target = INTEGRATIONS / name, self.folder / to
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target))

    def change(self, name: str, text: str = "\n") -> None:
        """Append to a file of the host."""
        path = self.folder / "host" / name
        path.write_text(path.read_text() + text)

    def break_(self) -> None:
        """Give the guest the agent of nobody, which is an error of `check` and a deviation of `simulate`."""
        path = self.folder / "host" / "guest.cfg"
        path.write_text(path.read_text().replace("agent_id=4", "agent_id=77"))
        assert "agent_id=77" in path.read_text()

    def run(self, *command: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> Result:
        """Run a command in the folder, errors and output in one."""
        environment = {**os.environ, "PATH": PATH, **(env or {})}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=timeout,
        )


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path)
