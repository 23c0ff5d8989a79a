"""Depfiles, read by the programs that they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fleet.conftest import Fleet

from xenscmi.fleet.depfile import depfile

NAMES = ["plain", "with space", "two  spaces", "#hash", "a#b", "dol$lar", "col:on", "pércent%", "b\\s", "b\\ s"]
NOT_FOR_MAKE = ["x=y", "a(b)", "$(x)"]  # a variable and members of an archive, to Make


def test_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    states = {"b.dts": "file:1", "a b.cfg": "file:2", "./": "folder:3", "there/gone/x.dts": "absent", "new": "absent"}
    assert (
        depfile("out.json", [states, {"b.dts": "file:1"}]) == b"out.json: \\\n . \\\n a\\ b.cfg \\\n b.dts \\\n there\n"
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("name", NAMES)
def test_make_reads_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / "deps.d").write_bytes(depfile("out", [{name: "file:1"}]))
    (tmp_path / "Makefile").write_text("out:\n\t@touch out; echo made\n-include deps.d\n")
    assert [_made(tmp_path, "make", "-s"), _made(tmp_path, "make", "-s")] == [True, False]
    os.utime(tmp_path / name, (9e9, 9e9))
    assert _made(tmp_path, "make", "-s")


@pytest.mark.skipif(shutil.which("ninja") is None, reason="there is no ninja")
@pytest.mark.parametrize("name", NAMES + NOT_FOR_MAKE)
def test_ninja_reads_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / "deps").write_bytes(depfile("out", [{name: "file:1"}]))
    rule = "rule r\n command = cp deps deps.d; touch out; echo made\n depfile = deps.d\n deps = gcc\nbuild out: r\n"
    (tmp_path / "build.ninja").write_text(rule)
    assert [_made(tmp_path, "ninja"), _made(tmp_path, "ninja")] == [True, False]
    os.utime(tmp_path / name, (8e9, 8e9))
    assert _made(tmp_path, "ninja")


def _made(folder: Path, *command: str) -> bool:
    finished = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=60)
    return b"made" in finished.stdout


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0\n/", exclude_categories=["Cs"]), min_size=1))
def test_any_name_stays_one_word(name: str) -> None:
    """No character ends the rule or the line."""
    (line, *rest) = os.fsdecode(depfile("out", [{name: "file:1"}])).split("\n ")
    assert line == "out: \\"
    assert len(rest) == 1
    assert rest[0].endswith("\n")


def test_what_a_host_depends_on(fleet: Fleet) -> None:
    code, out, _ = fleet.run("check", "a.toml", "--format", "json", "-o", "../out.json", "--depfile", "../out.d")
    assert (code, out) == (0, "")
    target, _, rest = Path("../out.d").read_text().partition(":")
    assert target == "../out.json"
    found = rest.replace("\\\n", " ").split()
    assert found == [".", "a.toml", "a/guest.cfg", "a/guest.dts", "host.dts", "panel.dts"]


def test_what_many_hosts_depend_on_also_from_the_cache(fleet: Fleet) -> None:
    arguments = ("check", "--hosts", "*.toml", "--format", "json", "-o", "../out.json", "--depfile", "../out.d")
    fleet.run(*arguments)
    plain = Path("../out.d").read_bytes(), Path("../out.json").read_bytes()
    for _ in range(2):
        fleet.run(*arguments, "--cache", "../cache")
        assert (Path("../out.d").read_bytes(), Path("../out.json").read_bytes()) == plain
    assert plain[0].count(b"\n") == 1 + 1 + 5 * 3 + 3


def test_an_included_file_and_the_folders_where_it_was_looked_for(fleet: Fleet) -> None:
    for folder in ("first", "second"):
        (fleet.folder / folder).mkdir()
    (fleet.folder / "second" / "part.dtsi").write_text("/ { part; };\n")
    fleet.change("host.dts", '/include/ "part.dtsi"\n')
    arguments = ("check", "a.toml", "-i", "first", "-i", "second", "-o", "../out", "--depfile", "../out.d")
    fleet.run(*arguments)
    found = Path("../out.d").read_text().replace("\\\n", " ").split()[1:]
    assert found == [".", "a.toml", "a/guest.cfg", "a/guest.dts", "first", "host.dts", "panel.dts", "second/part.dtsi"]


def test_paths_are_as_the_user_wrote_them(fleet: Fleet) -> None:
    (fleet.folder / "part.dtsi").write_text("/ { part; };\n")
    fleet.change("host.dts", '/include/ "part.dtsi"\n')
    fleet.run("check", f"{fleet.folder}/a.toml", "-o", "../out", "--depfile", "../out.d")
    found = Path("../out.d").read_text().replace("\\\n", " ").split()[1:]
    assert f"{fleet.folder}/part.dtsi" in found
    assert all(path.startswith("/") for path in found)


def test_a_depfile_is_of_an_output(fleet: Fleet) -> None:
    code, _, err = fleet.run("check", "a.toml", "--depfile", "../out.d")
    assert code == 2
    assert "--depfile needs --output" in err
    assert not Path("../out.d").exists()
