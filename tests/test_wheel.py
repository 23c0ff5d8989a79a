"""The wheel, built and looked into: what a user of PyPI gets."""

from __future__ import annotations

import re
import subprocess
import sys
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    pytest.importorskip("hatch_fancy_pypi_readme", reason="hatch-fancy-pypi-readme is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("xenscmi-*-py3-none-any.whl")
    return ZipFile(path)


def metadata(wheel: ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


@pytest.mark.slow
def test_the_wheel_holds_the_package_its_examples_and_its_manual(wheel: ZipFile) -> None:
    names = set(wheel.namelist())
    package = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    examples = {f"xenscmi/{path.relative_to(ROOT)}" for path in (ROOT / "examples").rglob("*") if path.is_file()}
    assert package <= names
    assert examples <= names
    assert {"xenscmi/py.typed", "xenscmi/host.schema.json"} <= names
    assert {name.rpartition("/share/man/")[2] for name in names if "/share/man/" in name} == {
        "man1/xenscmi.1",
        "man5/arm_sci.5",
    }
    for name in ("xenscmi/host.schema.json", "xenscmi/examples/spider/host.toml"):
        original = "docs/host.schema.json" if name.endswith(".json") else name.removeprefix("xenscmi/")
        assert wheel.read(name) == (ROOT / original).read_bytes()


@pytest.mark.slow
def test_the_page_on_pypi_has_no_link_into_folders_that_are_not_there(wheel: ZipFile) -> None:
    found = metadata(wheel)
    text = found.get_payload()
    assert isinstance(text, str)
    assert text.startswith("# xenscmi")
    assert [link for link in re.findall(r"\]\(([^)]*)\)", text) if not link.startswith("https://")] == []
    assert found["Description-Content-Type"] == "text/markdown"
    assert found["License-Expression"] == "MIT"


@pytest.mark.slow
def test_what_is_installed_with_it_is_the_documented_few(wheel: ZipFile) -> None:
    needed = [each for each in metadata(wheel).get_all("Requires-Dist") or () if "extra ==" not in each]
    names = {re.split(r"[<>=\[ ;]", each)[0] for each in needed}
    documented = (ROOT / "docs/dependencies.md").read_text("utf-8").partition("## Not taken")[0]
    assert "msgspec" in names
    assert {name for name in names if f"`{name}`" not in documented} == set()


@pytest.mark.slow
def test_the_wheel_runs_its_own_examples(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    command = [sys.executable, "-S", "-m", "xenscmi", "create", "-n", "xenscmi/examples/guests/domd.cfg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"agent_id":2' in done.stdout
