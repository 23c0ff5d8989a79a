"""tools/boot_vector.py: each boot vector checked, and simulated in the form of its expected.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boot_vector
import pytest

BOOT = Path(__file__).parents[1] / "vectors" / "boot"
SAME = ("boots", "panic", "xen", "acquired", "management_messages")


def expected(name: str) -> dict[str, Any]:
    found = json.loads((BOOT / name / "expected.json").read_text())
    domains = {
        domain: {key: value for key, value in seen.items() if key != "raw"} for domain, seen in found["domains"].items()
    }
    return {key: found[key] for key in SAME} | {"domains": domains}


@pytest.mark.parametrize("name", sorted(folder.name for folder in BOOT.iterdir() if folder.is_dir()))
def test_simulate_says_what_xen_did(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert boot_vector.main(["simulate", str(BOOT / name)]) == 0
    assert json.loads(capsys.readouterr().out) == expected(name)


@pytest.mark.parametrize(("name", "code", "errors"), [("cells-4", 1, ["XS107"]), ("good-default", 0, [])])
def test_check(name: str, code: int, errors: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert boot_vector.main(["check", str(BOOT / name)]) == code
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [each["code"] for each in found if each["severity"] == "error"] == errors


@pytest.mark.parametrize("name", ["good-dom0+2domU", "same-agent-dom0-domU"])
def test_as_a_process(name: str) -> None:
    command: list[str | Path] = [sys.executable, Path(boot_vector.__file__), "simulate", BOOT / name]
    done = subprocess.run(command, capture_output=True, check=True)
    assert (json.loads(done.stdout), done.stderr) == (expected(name), b"")


@pytest.mark.parametrize("firmware", ["", "{", "[]", "{}", '{"firmware": {"agents": [{"agent_id": "x"}]}}'])
def test_a_folder_that_is_not_a_vector(firmware: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert boot_vector.main(["simulate", str(tmp_path)]) == 2
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "host.dts").write_text("/dts-v1/; / { };")
    (tmp_path / "expected.json").write_text(firmware)
    assert boot_vector.main(["simulate", str(tmp_path)]) == 2
    assert "not the expected.json of a boot vector" in capsys.readouterr().err
    assert boot_vector.main(["check", str(tmp_path)]) == 2
    assert len(json.loads(capsys.readouterr().out)["diagnostics"]) == 1
