"""The tool that fetches Debian's arm64 packages: what it says where they cannot be had, and what it reads of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import debian_packages
import pytest


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(debian_packages, "_unavailable", {})
    return tmp_path / "xenscmi" / "debian"


def unpacked(cache: Path, suite: str, name: str, control: str = "", files: tuple[str, ...] = ()) -> Path:
    folder = cache / suite / name
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN" / "control").write_text(f"Package: {name}\n{control}")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def test_what_is_there_is_not_looked_up_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = unpacked(cache, "trixie", "hello")
    monkeypatch.setenv("PATH", "/nonexistent")

    assert debian_packages.fetch("trixie", ["hello"]) == {"hello": folder}


def test_without_apt_the_reason_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(debian_packages.Unavailable, match="apt-get is not installed"):
        debian_packages.fetch("trixie", ["hello"])


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt-get is not installed")
def test_without_a_network_the_reason_is_said_and_nothing_is_left(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not debian_packages.KEYRING.is_file():
        pytest.skip(f"{debian_packages.KEYRING} is missing (Debian: debian-archive-keyring)")
    monkeypatch.setattr(debian_packages, "_mirror", lambda: "http://127.0.0.1:9/debian")

    with pytest.raises(debian_packages.Unavailable, match=r"apt-get update for Debian trixie failed \(no network\?\)"):
        debian_packages.fetch("trixie", ["hello"], timeout=60)

    assert not (cache / "trixie" / "hello").exists()
    monkeypatch.setattr(debian_packages, "_mirror", lambda: pytest.fail("it is asked for again"))
    with pytest.raises(debian_packages.Unavailable, match="failed"):
        debian_packages.fetch("trixie", ["hello"])


def test_dependencies_are_the_first_choices(cache: Path) -> None:
    control = (
        "Depends: libc6 (>= 2.36), dracut | initramfs-tools,\n python3:any\nPre-Depends: init (= 1)\nSuggests: no\n"
    )

    folder = unpacked(cache, "sid", "many", control)

    assert debian_packages.depends(folder) == ["libc6", "dracut", "python3", "init"]


@pytest.mark.parametrize(
    ("packages", "file"),
    [
        ({"linux-image-6.1-cloud": ("boot/vmlinuz-6.1",)}, "linux-image-6.1-cloud/boot/vmlinuz-6.1"),
        (
            {"linux-image-7.2-cloud": (), "linux-binary-7.2-cloud": ("usr/lib/modules/7.2/vmlinuz",)},
            "linux-binary-7.2-cloud/usr/lib/modules/7.2/vmlinuz",
        ),
    ],
)
def test_the_kernel_is_found_wherever_the_suite_has_it(
    cache: Path, packages: dict[str, tuple[str, ...]], file: str
) -> None:
    names = ["linux-image-cloud-arm64", *packages]
    for number, name in enumerate(names):
        depends = f"Depends: {names[number + 1]}\n" if number + 1 < len(names) else ""
        unpacked(cache, "sid", name, depends, packages.get(name, ()))

    assert debian_packages.kernel("sid") == cache / "sid" / file
