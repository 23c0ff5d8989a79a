"""When a path counts as unchanged, without being read."""

from __future__ import annotations

import os
from pathlib import Path
from time import time_ns

import pytest

from xenscmi.fleet.states import ABSENT, States, file_state, is_before, signature

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND + 5
LATER = 9_000_000_000 * SECOND


@pytest.mark.parametrize(
    ("changed", "certain"),
    [
        (NOW - 21_000_000, True),
        (NOW - 19_000_000, False),  # within a tick of the clock
        (NOW, False),
        (NOW + SECOND, False),
        (NOW // SECOND * SECOND - SECOND, False),  # a file system that keeps whole seconds
        (NOW // SECOND * SECOND - 3 * SECOND, True),
    ],
)
def test_a_change_is_before_a_moment(changed: int, certain: bool) -> None:
    assert is_before((1, 1, changed, changed), NOW) is certain


def test_the_later_change_counts() -> None:
    """Who dates the content back changes the status."""
    assert not is_before((1, 1, NOW - 9 * SECOND + 1, NOW), NOW)


def test_what_is_known_is_not_read(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    Path(path).write_text("content")
    signed = signature(path)
    assert signed
    assert States({path: (signed, "known")}, LATER).now(path) == "known"
    other = (signed[0], signed[1], signed[2], signed[3] + 1)
    assert States({path: (other, "known")}, LATER).now(path) == file_state(path, b"content")


def test_what_is_new_is_not_kept(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    Path(path).write_text("content")
    states = States({}, time_ns())
    assert states.now(path) == file_state(path, b"content")
    assert states.used == {}
    states = States({}, LATER)
    assert states.now(path) == file_state(path, b"content")
    assert states.used == {path: (signature(path), file_state(path, b"content"))}


def test_states_differ_by_what_a_reader_would_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def now(path: str) -> str:
        return States({}, LATER).now(path)

    seen = [now("x")]
    Path("x").write_text("one")
    seen.append(now("x"))
    Path("x").write_text("two")
    seen.append(now("x"))
    Path("x").rename("y")
    Path("x").symlink_to("y")
    seen.append(now("x"))
    Path("x").unlink()
    os.mkfifo("x")  # and nobody waits for a writer
    seen.append(now("x"))
    assert len(set(seen)) == 5
    assert seen[0] == ABSENT
    Path("x").unlink()
    Path("x").mkdir()
    assert now("x") == ABSENT


def test_a_folder_is_its_relevant_names(tmp_path: Path) -> None:
    def now() -> str:
        return States({}, LATER).now(f"{tmp_path}/")

    empty = now()
    (tmp_path / "README").write_text("")
    (tmp_path / "out.json").write_text("")
    (tmp_path / "b.dts").mkdir()
    assert now() == empty
    seen = {empty}
    for name in ("a.cfg", "a.dts", "host.toml", "imagebuilder.cfg", "config", "a.dtbo"):
        (tmp_path / name).write_text("")
        seen.add(now())
    assert len(seen) == 7
