"""The documentation says what the code does: generated parts, examples and manual pages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import generate_docs
import pytest

from xenscmi.cli import COMMANDS
from xenscmi.config.options import KEYS
from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl.profiles import PROFILES

ROOT = generate_docs.ROOT
MANUAL_PAGES = sorted(ROOT.glob("man/*"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", generate_docs.pages(), ids=name)
def test_page_is_up_to_date(page: Path) -> None:
    assert page.read_text("utf-8") == generate_docs.completed(page), f"{name(page)} is out of date: run `make docs`"


def test_generated_files_are_up_to_date() -> None:
    wanted = generate_docs.whole_files()
    assert [name(path) for path, text in wanted.items() if path.read_text("utf-8") != text] == [], "run `make docs`"
    assert set((ROOT / "docs" / "rules").iterdir()) <= wanted.keys(), "remove the pages of rules that are gone"


def test_every_part_is_used() -> None:
    text = "".join(page.read_text("utf-8") for page in generate_docs.pages())
    assert set(re.findall(r"generated: (\S+)", text)) == set(generate_docs.PARTS)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("docs/options.md", KEYS),
        ("docs/profiles.md", PROFILES),
        ("docs/commands.md", COMMANDS),
        ("man/xenscmi.1", COMMANDS),
        ("docs/arm_sci.md", [kind.text for kind in ArmSciType]),
        ("man/arm_sci.5", [kind.text for kind in ArmSciType]),
    ],
)
def test_nothing_is_left_out(page: str, words: list[str]) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [word for word in words if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)] == []


def test_what_a_command_prints_is_put_below_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '```sh title="a/one.sh"\necho one; exit 3\n```\n\n```console\n$ sh a/one.sh\nstale\n$ echo $? >&2\n```\n'
    )
    assert generate_docs.completed(page).endswith("```console\n$ sh a/one.sh\none\n$ echo $? >&2\n3\n```\n")


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff")
@pytest.mark.parametrize("page", MANUAL_PAGES, ids=name)
def test_manual_page_has_no_warnings(page: Path) -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-z", "-rLL=80n", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_every_manual_page_is_installed() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert [page for page in MANUAL_PAGES if f'"{name(page)}"' not in pyproject] == []


@pytest.mark.parametrize("file", ["host.schema.json", "plan.schema.json"])
def test_a_description_of_a_schema_is_one_line(file: str) -> None:
    """Python 3.13 takes the indentation out of docstrings: the files would depend on who generates them."""
    assert "\\n" not in (ROOT / "docs" / file).read_text()
