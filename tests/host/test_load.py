"""Loading a host: by its manifest or by kinds, from files that the caller reads."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from xenscmi import filesystem
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.load import LoadedHost, load_host
from xenscmi.rules.engine import check
from xenscmi.rules.example import FILES

MANIFEST = """\
device_tree = "host.dts"

[[domain]]
config = "guest.cfg"
device_tree = "guest.dts"

[[domain]]
name = "panel"
device_tree = "panel.dts"

[rules]
ignore = ["XS128"]
per_file = { "guest.cfg" = ["XS001"] }
"""


class Buffers:
    """Files that exist in memory alone, and a record of which were read."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = {Path("board", name): text for name, text in texts.items()}
        self.read_paths: list[Path] = []

    def read(self, path: Path) -> bytes:
        self.read_paths.append(path)
        if path not in self.texts:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self.texts[path].encode()

    def list_folder(self, path: Path) -> list[Path] | None:
        return sorted(self.texts) if path == Path("board") else None

    def load(self, *paths: str) -> LoadedHost:
        return load_host(paths, read=self.read, list_folder=self.list_folder)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dtc runs in the folder of a source, so that one has to exist."""
    (tmp_path / "board").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("manifest", [{}, {"host.toml": MANIFEST}])
def test_nothing_is_read_but_through_the_caller(manifest: dict[str, str]) -> None:
    buffers = Buffers({**FILES, **manifest, "notes.txt": "not of a host"})
    loaded = buffers.load("board")
    assert [domain.name for domain in loaded.host.domains] == ["dom0", "panel", "guest"]
    assert all(domain.tree for domain in loaded.host.domains[1:])
    assert check(loaded.host) == ()
    assert sorted(buffers.read_paths) == sorted(Path("board", name) for name in (*FILES, *manifest))


def test_a_manifest_or_files_by_name() -> None:
    buffers = Buffers({**FILES, "host.toml": MANIFEST})
    by_manifest = buffers.load("board/host.toml")
    assert by_manifest.host == buffers.load("board").host == buffers.load(*(f"board/{name}" for name in FILES)).host
    assert (by_manifest.rules.ignore, by_manifest.rules.per_file) == (("XS128",), {"board/guest.cfg": ("XS001",)})


def test_a_file_that_is_missing_is_told_where_it_is_named() -> None:
    buffers = Buffers({"host.dts": FILES["host.dts"], "panel.dts": FILES["panel.dts"], "host.toml": MANIFEST})
    with pytest.raises(XenscmiError, match=r"cannot read board/guest\.dts: No such file or directory") as caught:
        buffers.load("board")
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.span.source.name, found.span.line, found.span.text) == ("board/host.toml", 5, "device_tree")
    with pytest.raises(XenscmiError, match="cannot read other: No such file or directory"):
        buffers.load("other")


def test_errors_of_all_trees_are_told_at_once() -> None:
    buffers = Buffers({**FILES, "host.dts": "/dts-v1/; / { oops };", "panel.dts": "/dts-v1/; / { oops };"})
    with pytest.raises(XenscmiError) as caught:
        buffers.load("board")
    names = {found.span.source.name for found in caught.value.diagnostics if found.span}
    assert names == {"board/host.dts", "board/panel.dts"}


def test_a_tree_of_imagebuilder_may_be_missing_but_not_outside() -> None:
    texts = {**FILES, "config": "NUM_DOMUS=1\nDOMU_PASSTHROUGH_DTB[0]=built/panel.dtb\n"}
    manifest = 'imagebuilder = "config"\n' + MANIFEST
    loaded = Buffers({**texts, "host.toml": manifest}).load("board")
    assert [domain.name for domain in loaded.host.domains if domain.tree] == ["panel", "guest"]
    texts["config"] = texts["config"].replace("built/", "../")
    with pytest.raises(XenscmiError, match=r"\.\./panel\.dtb lies outside the host's folder"):
        Buffers({**texts, "host.toml": manifest}).load("board")


def test_a_folder_among_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(XenscmiError, match=f"cannot read {tmp_path}/a: it is a folder") as raised:
        load_host(
            [str(tmp_path / "a"), str(tmp_path / "b")], read=filesystem.read_file, list_folder=filesystem.list_folder
        )
    assert raised.value.diagnostics[0].help == "it is a folder: name its files, or give one folder alone"


def test_a_folder_that_cannot_be_listed() -> None:
    def fail(_: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with pytest.raises(XenscmiError, match="cannot read board: Permission denied"):
        load_host(["board"], read=Path.read_bytes, list_folder=fail)
