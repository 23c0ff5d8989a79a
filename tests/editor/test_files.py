"""Files on the disk as the language server reads them, and the edits that it makes of new texts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pygls", reason="pygls is not installed (xenscmi[editor])")

from xenscmi.editor.edits import difference
from xenscmi.editor.files import Disk, Outdated, reader
from xenscmi.source import Source


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    file, disk = tmp_path / "a.cfg", Disk()
    file.write_text("one")
    os.utime(file, (1, 1))
    first = disk.read(file)
    assert first == b"one"
    file.write_text("two")  # of the same size
    assert disk.read(file) == b"two"
    file.unlink()
    with pytest.raises(FileNotFoundError):
        disk.read(file)


def test_a_change_in_the_same_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    file, disk = tmp_path / "a.cfg", Disk()
    for number in range(200):
        text = f"{number:03}".encode()
        file.write_bytes(text)
        assert disk.read(file) == text


def test_unsaved_texts_come_first_and_outdated_work_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.cfg"
    file.write_text("saved")
    outdated = False
    read = reader(Disk(), {file: b"unsaved", tmp_path / "new.cfg": b"new"}, lambda: outdated)
    assert (read(file), read(tmp_path / "new.cfg")) == (b"unsaved", b"new")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.cfg")
    outdated = True
    with pytest.raises(Outdated):
        read(file)


@given(st.text(alphabet="ab\n𝄞", max_size=12), st.text(alphabet="ab\n𝄞", max_size=12))
def test_a_difference_makes_the_new_text(old: str, new: str) -> None:
    span, text = difference(Source("f", old), new)
    assert old[: span.start] + text + old[span.end :] == new
    assert not (text and span.text and (text[0] == span.text[0] or text[-1] == span.text[-1]))
