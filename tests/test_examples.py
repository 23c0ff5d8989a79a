"""The example host, which users start from, is clean with and without its manifest; three mistakes are found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from xenscmi.cli import main

SPIDER = Path(__file__).parents[1] / "examples" / "spider"


@pytest.mark.parametrize("manifest", [True, False], ids=["manifest", "by kind"])
def test_the_example_host_is_clean(manifest: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SPIDER, tmp_path, dirs_exist_ok=True)
    if not manifest:
        (tmp_path / "host.toml").unlink()
    assert main(["check", "--format", "json", "--severity", "info", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []


def test_planted_mistakes_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SPIDER, tmp_path, dirs_exist_ok=True)
    for name, good, bad in (
        ("guest.cfg", "47ff4,1", "47ff2,1"),
        ("panel.dts", "0x82000005", "0x82000004"),
        ("xen.dtso", "<&scmi_xen 11>", "<&scmi 11>"),
    ):
        text = (tmp_path / name).read_text()
        assert good in text
        (tmp_path / name).write_text(text.replace(good, bad))
    assert main(["check", "--format", "json", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {(Path(each["file"]).name, each["name"]) for each in found} == {
        ("guest.cfg", "foreign-page"),
        ("panel.dts", "wrong-guest-func-id"),
        ("xen.dtso", "foreign-access-controller"),
    }
