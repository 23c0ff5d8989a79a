"""The command line in this process on a modelled host (`lab`), and as a process of its own (`xenscmi`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenscmi.cli import main

Result = subprocess.CompletedProcess[bytes]
Run = Callable[..., Result]

GUEST = 'name = "g"\nkernel = "/k"\nmemory = 64\nuuid = "00112233-4455-6677-8899-aabbccddeeff"\n'
XL_CREATE = Path(__file__).parents[1] / "vectors" / "xl-create"
LAB_GUEST = """\
name = "{name}"
kernel = "/dom/scmitest"
memory = 32
vcpus = 1
arm_sci = "type=scmi_smc_multiagent,agent_id={agent_id}"
iomem = [ "{page:x},1@22001" ]
device_tree = "/dom/dom2.dtb"
"""


class Lab:
    """The commands on the host of the xl-create vectors, with a state file of their own.

    A command returns its exit code, standard output and standard error.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state" / "host.db"
        self.host = XL_CREATE
        self.capsys = capsys

    def run(self, command: str, *arguments: str) -> tuple[int, str, str]:
        code = main([command, "--state", str(self.state), "--host", str(self.host), *arguments])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def file(self, name: str, agent_id: int, text: str = "") -> str:
        path = self.folder / f"{name}.cfg"
        path.write_text(LAB_GUEST.format(name=name, agent_id=agent_id, page=0x47FF0 + agent_id) + text)
        return str(path)

    def create(self, name: str, agent_id: int, text: str = "") -> tuple[int, str, str]:
        return self.run("create", "-q", self.file(name, agent_id, text))

    def json(self, command: str, *arguments: str) -> Any:
        code, out, _ = self.run(command, "--json", *arguments)
        assert code == 0
        return json.loads(out)

    def owners(self) -> dict[int, str]:
        """Agent id → name of the owner, of those that have one."""
        return {row["agent_id"]: row["owner_name"] for row in self.json("agents") if row["owner_name"]}


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lab:
    return Lab(tmp_path, capsys)


@pytest.fixture
def xenscmi(tmp_path: Path) -> Run:
    """Run `xenscmi` with these arguments in a folder of its own, `stdin` given as bytes."""

    def run(*arguments: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
        command = [sys.executable, "-m", "xenscmi", *arguments]
        environment = {**os.environ, "PYTHONWARNINGS": "error", **(env or {})}
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=60, check=False
        )

    return run


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """An xl.cfg file in the folder in which `xenscmi` runs: guest.cfg."""
    path = tmp_path / "guest.cfg"
    path.write_text(GUEST)
    return path
