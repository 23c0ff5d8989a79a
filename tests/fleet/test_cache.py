"""What is in the cache is never trusted for more than it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fleet.conftest import Fleet

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.fleet.cache import Cache
from xenscmi.fleet.outcome import HostOutcome
from xenscmi.fleet.states import States

KEY, OTHER = "1" * 64, "2" * 64
CLEAN = HostOutcome()
DIRTY = HostOutcome(findings=(Diagnostic(message="wrong"),))
NOTHING = {"no-such-file": "absent"}


def states() -> States:
    return States({}, 0)


def files(folder: Path, kind: str) -> list[Path]:
    return sorted(each for each in (folder / kind).rglob("*") if each.is_file())


def test_what_was_stored_is_found(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "c"))
    assert cache.find(KEY, states()) == "not in the cache"
    cache.store(KEY, NOTHING, DIRTY)
    assert Cache(str(tmp_path / "c")).find(KEY, states()) == (DIRTY, NOTHING)
    assert cache.find(OTHER, states()) == "not in the cache"
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "c" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_the_last_outcomes_are_remembered(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "c"))
    for number in range(12):
        there = {"f": f"state {number}"}
        cache.store(KEY, there, HostOutcome(matrix=str(number)))
    for number in range(12):
        view = states()
        view._now["f"] = f"state {number}"
        found = cache.find(KEY, view)
        assert isinstance(found, str) == (number < 4)
        assert isinstance(found, str) or found[0].matrix == str(number)


Damage = Callable[[Path], object]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _rehashed(content: bytes) -> Damage:
    """A file whose hash is right, with content that is wrong."""
    from hashlib import sha256

    head = b"xenscmi-cache-1 " + sha256(content).hexdigest().encode() + b"\n"
    return lambda path: path.write_bytes(head + content)


DAMAGE: dict[str, Damage] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "a bit": _flip,
    "gone": lambda path: path.unlink(),
    "a pipe": _fifo,
    "a link": _link,
    "a folder": _folder,
    "of another version": lambda path: path.write_bytes(path.read_bytes().replace(b"cache-1", b"cache-2", 1)),
    "no JSON": _rehashed(b"{"),
    "another JSON": _rehashed(b"[]"),
    "deep": _rehashed(b"[" * 100_000),
    "a foreign key": _rehashed(f'{{"key":"{OTHER}","states":[{{}}],"outcome":{{}}}}'.encode()),
    "more keys": _rehashed(f'{{"key":"{KEY}","states":[{{}}],"also":1}}'.encode()),
    "other types": _rehashed(f'{{"key":"{KEY}","states":[{{"f":1}}]}}'.encode()),
    "a pickle": _rehashed(b"cos\nsystem\n(S'touch pwned'\ntR."),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["runs", "results", "known", "texts"])
def test_what_is_damaged_is_not_there(fleet: Fleet, kind: str, damage: str) -> None:
    """The answer is the true one, whatever the cache has become."""
    fleet.change("a/guest.cfg", 'vcpus = "many"\n')
    plain = fleet.run("check", "--format", "json", "a/guest.cfg")
    assert plain[0] == 1
    arguments = ("check", "--format", "json", "--cache", "../cache", "a/guest.cfg")
    fleet.run(*arguments)
    (path, *_) = files(fleet.folder.parent / "cache", kind)
    DAMAGE[damage](path)
    assert fleet.run(*arguments) == plain
    assert fleet.run(*arguments) == plain
    assert not (fleet.folder / "pwned").exists()


def test_entries_under_each_others_names(fleet: Fleet) -> None:
    """A clean host's entry does not speak for another."""
    fleet.change("b/guest.cfg", 'vcpus = "many"\n')
    plain = fleet.run("check", "--hosts", "*.toml", "--format", "json")
    arguments = ("check", "--hosts", "*.toml", "--format", "json", "--cache", "../cache")
    assert fleet.run(*arguments) == plain
    for kind in ("runs", "results"):
        paths = files(fleet.folder.parent / "cache", kind)
        contents = [path.read_bytes() for path in paths]
        for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
            path.write_bytes(content)
        assert fleet.run(*arguments) == plain


def test_others_may_not_have_written_in_it(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir(mode=0o700)
    (tmp_path / "c").chmod(0o777)
    with pytest.raises(XenscmiError, match="everybody may write in it"):
        Cache(str(tmp_path / "c"))
    (tmp_path / "c").chmod(0o700)
    if os.geteuid() == 0:
        os.chown(tmp_path / "c", 12345, 12345)
        with pytest.raises(XenscmiError, match="it belongs to user 12345"):
            Cache(str(tmp_path / "c"))


def test_what_is_no_folder_is_refused(fleet: Fleet) -> None:
    (fleet.folder / "file").write_text("")
    for name, reason in (("file", "Not a directory"), ("file/c", "Not a directory"), ("/proc/1/c", "")):
        code, out, err = fleet.run("check", "--cache", name, "a.toml")
        assert (code, out) == (2, "")
        assert f"cannot use {name} as a cache: {reason}" in err


def test_a_full_disk_costs_the_cache_only(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = fleet.run("check", "--hosts", "*.toml", "--format", "json")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xenscmi.fleet.cache.NamedTemporaryFile", full)
    for _ in range(2):
        assert fleet.run("check", "--hosts", "*.toml", "--format", "json", "--cache", "../cache") == plain


def test_runs_side_by_side(fleet: Fleet) -> None:
    command = [sys.executable, "-m", "xenscmi", "check", "--hosts", "*.toml", "--cache", "../cache", "--format", "json"]
    plain = fleet.run("check", "--hosts", "*.toml", "--format", "json")[1].encode()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    assert [each.communicate(timeout=60) for each in running] == [(plain, b"")] * 4
    assert [path.name for path in (fleet.folder.parent / "cache").rglob(".*")] == []  # no temporary files
    assert fleet.checked() == []


def test_what_is_unused_is_removed_once_a_day(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path / "c"))
    cache.store(KEY, NOTHING, DIRTY)
    cache.store(OTHER, NOTHING, CLEAN)
    cache.remove_unused()
    assert len(files(tmp_path / "c", "runs")) == 2
    for path in (tmp_path / "c").rglob("*"):
        os.utime(path, (0, 0))
    assert cache.find(KEY, states()) == (DIRTY, NOTHING)  # is used
    cache.remove_unused()
    assert [path.name for path in files(tmp_path / "c", "runs")] == [KEY]
    assert cache.find(KEY, states()) == (DIRTY, NOTHING)
