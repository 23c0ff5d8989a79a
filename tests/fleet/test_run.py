"""Which hosts are done anew: exactly those that depend on what has changed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from tests.fleet.conftest import Fleet

ALL = ["a.toml", "b.toml", "c.toml", "d.toml", "e.toml"]


def test_nothing_changed(fleet: Fleet) -> None:
    assert fleet.checked() == ALL
    assert fleet.checked() == []
    assert fleet.checked() == []


@pytest.mark.parametrize(
    ("changed", "users"),
    [
        ("host.dts", ["a.toml", "b.toml", "c.toml"]),
        ("other.dts", ["d.toml", "e.toml"]),
        ("panel.dts", ALL),
        ("b/guest.cfg", ["b.toml"]),
        ("e/guest.dts", ["e.toml"]),
        ("c.toml", ["c.toml"]),
    ],
)
def test_a_change_is_for_its_users(fleet: Fleet, changed: str, users: list[str]) -> None:
    fleet.checked()
    fleet.change(changed)
    assert fleet.checked() == users
    assert fleet.checked() == []


def test_the_same_content_is_the_same_result(fleet: Fleet) -> None:
    """A checkout stamps files anew; a branch comes back."""
    fleet.checked()
    before = (fleet.folder / "host.dts").read_text()
    (fleet.folder / "host.dts").write_text(before)
    fleet.settle()
    assert fleet.checked() == []
    fleet.change("host.dts")
    assert fleet.checked() == ["a.toml", "b.toml", "c.toml"]
    (fleet.folder / "host.dts").write_text(before)
    fleet.settle()
    assert fleet.checked() == []


def test_a_change_that_keeps_size_and_time(fleet: Fleet) -> None:
    """The time of the last change of status gives it away: no user can set that one."""
    fleet.checked()
    path = fleet.folder / "b" / "guest.cfg"
    times = path.stat()
    path.write_text(path.read_text().replace("variant b", "variant B"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    fleet.settle()
    assert fleet.checked() == ["b.toml"]


def test_a_file_that_appears(fleet: Fleet) -> None:
    """An xl.cfg that the manifest does not name is a finding; any other file is nothing."""
    fleet.checked()
    (fleet.folder / "notes.txt").write_text("nothing")
    assert fleet.checked() == []
    (fleet.folder / "unlisted.cfg").write_text('name = "unlisted"\nmemory = 64\nkernel = "/k"\n')
    assert fleet.checked() == ALL


def test_an_include_that_appears_in_an_earlier_folder(fleet: Fleet) -> None:
    for folder, clock in (("first", 1), ("second", 2)):
        (fleet.folder / folder).mkdir()
        (fleet.folder / folder / "part.dtsi").write_text(f"/ {{ part-{clock}; }};\n")
    (fleet.folder / "first" / "part.dtsi").unlink()
    fleet.change("other.dts", '/include/ "part.dtsi"\n')
    fleet.settle()
    include = ("-i", "first", "-i", "second")
    assert fleet.checked(*include) == ALL
    assert fleet.checked(*include) == []
    fleet.change("second/part.dtsi")
    assert fleet.checked(*include) == ["d.toml", "e.toml"]
    (fleet.folder / "first" / "part.dtsi").write_text("/ { part-3; };\n")
    assert fleet.checked(*include) == ["d.toml", "e.toml"]


def test_a_link_that_leads_elsewhere(fleet: Fleet) -> None:
    """The file that it leads to now is the same, but lies outside of the host's folder."""
    (fleet.folder / "real.dts").write_text((fleet.folder / "panel.dts").read_text())
    (fleet.folder / "panel.dts").unlink()
    (fleet.folder / "panel.dts").symlink_to("real.dts")
    fleet.settle()
    assert fleet.checked() == ALL
    assert fleet.checked() == []
    outside = fleet.folder.parent / "outside.dts"
    outside.write_text((fleet.folder / "real.dts").read_text())
    (fleet.folder / "panel.dts").unlink()
    (fleet.folder / "panel.dts").symlink_to(outside)
    code, _, err = fleet.run("check", "--hosts", "*.toml", "--cache", "../cache")
    assert code == 2
    assert "leads out of the host's folder" in err


def test_other_options_are_other_results(fleet: Fleet) -> None:
    fleet.checked()
    assert fleet.checked("--ignore", "XS1") == ALL
    assert fleet.checked("--ignore", "XS1") == []
    assert fleet.checked("--severity", "error", "--format", "json") == []  # of the same findings


def test_another_dtc_is_another_result(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.checked()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dtc").write_text('#!/bin/sh\nPATH=/usr/bin:/bin exec dtc "$@"\n')
    (programs / "dtc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    assert fleet.checked() == ALL


def test_what_cannot_be_used_is_never_kept(fleet: Fleet) -> None:
    (fleet.folder / "b" / "guest.dts").unlink()
    assert fleet.checked() == ALL
    assert fleet.checked() == ["b.toml"]


def test_a_file_that_changes_during_the_run_is_not_kept(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last change must lie before the beginning: otherwise nobody knows what dtc read."""
    monkeypatch.setattr("xenscmi.fleet.states._SLACK", 3600 * 10**9)
    fleet.change("panel.dts")
    assert fleet.checked() == ALL
    assert fleet.checked() == ALL


def test_the_folder_may_move(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI checks out where it likes: a result is for contents at relative paths."""
    fleet.checked()
    moved = fleet.folder.parent / "moved"
    fleet.folder.rename(moved)
    monkeypatch.chdir(moved)
    assert fleet.checked() == []


def test_results_from_the_cache_are_the_same_bytes(fleet: Fleet) -> None:
    fleet.change("host.dts", "/ { soc { }; };\n")  # dtc and the rules have something to say about it
    fleet.change("b/guest.cfg", 'vcpus = "many"\n')
    (fleet.folder / "d" / "guest.dts").unlink()
    fleet.settle()
    for form in ("text", "json", "sarif", "github", "gitlab", "junit"):
        arguments = ("check", "--hosts", "*.toml", "--format", form)
        plain = fleet.run(*arguments, "-j", "1")
        assert plain[0] == 2
        assert fleet.run(*arguments, "-j", "4") == plain
        assert fleet.run(*arguments, "--cache", "../cache") == plain
        assert fleet.run(*arguments, "--cache", "../cache") == plain


def test_simulations_are_kept_too(fleet: Fleet) -> None:
    arguments = ("simulate", "--hosts", "*.toml", "--cache", "../cache", "-j", "2")
    for form in ("text", "json", "junit"):
        plain = fleet.run("simulate", "--hosts", "*.toml", "--format", form)
        assert fleet.run(*arguments, "--format", form) == plain
        assert fleet.run(*arguments, "--format", form) == plain
    assert fleet.run(*arguments, "-v")[2].count("from the cache") == 5
    fleet.change("host.dts")
    assert fleet.run(*arguments, "-v")[2].count("from the cache") == 2


def test_one_host_with_a_cache_is_shown_as_without(fleet: Fleet) -> None:
    for path in ("a.toml", "a", "a/guest.cfg"):
        for form in ("text", "json", "sarif", "github", "gitlab", "junit"):
            plain = fleet.run("check", "--format", form, path)
            assert fleet.run("check", "--format", form, "--cache", "../cache", path) == plain
            assert fleet.run("check", "--format", form, "--cache", "../cache", path) == plain
    for form in ("text", "json", "junit"):
        plain = fleet.run("simulate", "--format", form, "a.toml")
        assert fleet.run("simulate", "--format", form, "--cache", "../cache", "a.toml") == plain
        assert fleet.run("simulate", "--format", form, "--cache", "../cache", "a.toml") == plain


def test_the_cache_may_come_from_the_environment(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENSCMI_CACHE", "../cache")
    fleet.run("check", "a.toml")
    assert (fleet.folder.parent / "cache" / "runs").is_dir()
    code, out, _ = fleet.run("check", "--format", "html", "a.toml")
    assert (code, out[:15]) == (0, "<!DOCTYPE html>")


def test_names_with_any_bytes(fleet: Fleet) -> None:
    weird = fleet.folder / "we ird#\udcff$é"
    weird.mkdir()
    for name in ("host.dts", "panel.dts", "a/guest.cfg", "a/guest.dts"):
        (weird / Path(name).name).write_bytes((fleet.folder / name).read_bytes())
    (weird / "guest.cfg").write_bytes((weird / "guest.cfg").read_bytes() + b'extra = "\xff"\nvcpus = "\xff"\n')
    plain = fleet.run("check", "--hosts", "we*", "--format", "json")
    assert json.loads(plain[1])["hosts"][0]["diagnostics"]
    for _ in range(2):
        assert fleet.run("check", "--hosts", "we*", "--format", "json", "--cache", "../cache") == plain


def test_variants_of_one_board_over_several_trees(fleet: Fleet) -> None:
    """As products have them: each variant in a folder of its own, the board's files above it."""
    variants = fleet.folder / "variants"
    for name in "abc":
        (variants / name).mkdir(parents=True)
        text = (fleet.folder / f"{name}.toml").read_text()
        text = text.replace('"host.dts"', '"board:host.dts"').replace('"panel.dts"', '"board:panel.dts"')
        (variants / name / "host.toml").write_text(text.replace(f'"{name}/', '"') + '[paths]\nboard = "../.."\n')
        for file in ("guest.cfg", "guest.dts"):
            (variants / name / file).write_text((fleet.folder / name / file).read_text())
    fleet.settle()

    def checked() -> list[str]:
        _, _, err = fleet.run("check", "--hosts", "variants/*/host.toml", "--cache", "../cache", "-v")
        assert "3 hosts: nothing found" in err, err
        return sorted(re.findall(r"^variants/(.)/host.toml: (?!from the cache)", err, re.MULTILINE))

    assert checked() == ["a", "b", "c"]
    assert checked() == []
    fleet.change("variants/b/guest.dts")
    assert checked() == ["b"]
    fleet.change("panel.dts")
    assert checked() == ["a", "b", "c"]


def test_a_link_of_the_target(fleet: Fleet) -> None:
    """A file of the target is looked for below --root, whose links decide which it is."""
    for number, boot in (("1", "boot-1"), ("2", "boot-2")):
        (fleet.folder / "rootfs" / boot).mkdir(parents=True)
        tree = (fleet.folder / "a" / "guest.dts").read_text()
        (fleet.folder / "rootfs" / boot / "guest.dts").write_text(f"{tree}// {number}\n")
    (fleet.folder / "rootfs" / "boot").symlink_to("boot-1")
    (fleet.folder / "a.toml").write_text('device_tree = "host.dts"\n[[domain]]\nconfig = "a/guest.cfg"\n')
    (fleet.folder / "a" / "guest.dts").unlink()
    fleet.settle()

    def reason() -> str:
        _, _, err = fleet.run("check", "a.toml", "--root", "rootfs", "--cache", "../cache", "-v")
        return err.partition("\n")[0]

    assert reason() == "a.toml: not in the cache"
    assert reason() == "a.toml: from the cache"
    (fleet.folder / "rootfs" / "boot").unlink()
    (fleet.folder / "rootfs" / "boot").symlink_to("boot-2")
    fleet.settle()
    assert reason() == "a.toml: rootfs/boot -> changed"
    assert reason() == "a.toml: from the cache"


def test_a_folder_of_the_target_that_becomes_a_link(fleet: Fleet) -> None:
    """A link to /usr/boot is a link below the root: nothing appears where the file was looked for before."""
    root = fleet.folder / "rootfs"
    (root / "usr" / "boot").mkdir(parents=True)
    (fleet.folder / "a" / "guest.dts").rename(root / "usr" / "boot" / "guest.dts")
    (fleet.folder / "a.toml").write_text('device_tree = "host.dts"\n[[domain]]\nconfig = "a/guest.cfg"\n')
    fleet.settle()

    def unknown() -> tuple[str, bool]:
        _, _, err = fleet.run("check", "a.toml", "--root", "rootfs", "--cache", "../cache", "-v")
        return err.partition("\n")[0], "[XS221]" in err

    assert unknown() == ("a.toml: not in the cache", True)
    assert unknown() == ("a.toml: from the cache", True)
    (root / "boot").symlink_to("/usr/boot")
    fleet.settle()
    reason, is_unknown = unknown()
    assert (reason.startswith("a.toml: rootfs/boot -> and "), is_unknown) == (True, False)


def test_a_file_that_could_not_be_read(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """An xl.cfg that the manifest does not name is passed over where nobody can read it; then it can be."""
    extra = fleet.folder / "extra.cfg"
    extra.write_text('name = "extra"\n')
    fleet.settle()
    monkeypatch.setattr("xenscmi.filesystem.LARGEST_FILE", 8 << 10)
    with extra.open("a") as file:
        file.write("#" * (16 << 10))
    fleet.settle()
    assert "extra" not in fleet.run("check", "a.toml", "--cache", "../cache", "-v")[2]
    assert "from the cache" in fleet.run("check", "a.toml", "--cache", "../cache", "-v")[2]
    extra.write_text('name = "extra"\n')
    fleet.settle()
    said = fleet.run("check", "a.toml", "--cache", "../cache", "-v")[2]
    assert "extra.cfg changed" in said
    assert "extra.cfg:1" in said


BOOT = Path(__file__).parents[1] / "vectors" / "boot"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("vector", sorted(path.name for path in BOOT.iterdir() if path.is_dir())[::8])
def test_simulations_of_every_kind_are_shown_as_without(fleet: Fleet, vector: str, form: str) -> None:
    """Hosts that boot, with deviations and without, and hosts on which Xen panics."""
    plain = fleet.run("simulate", "--format", form, str(BOOT / vector))
    assert fleet.run("simulate", "--format", form, "--cache", "../cache", str(BOOT / vector)) == plain
    assert fleet.run("simulate", "--format", form, "--cache", "../cache", str(BOOT / vector)) == plain


def test_a_host_that_cannot_be_simulated(fleet: Fleet) -> None:
    for form in ("text", "json"):
        plain = fleet.run("simulate", "--format", form, "a/guest.cfg")
        assert plain[0] == 2
        assert fleet.run("simulate", "--format", form, "--cache", "../cache", "a/guest.cfg") == plain
