"""Files that are not beside the file that names them: -I, --root, [paths], and what may not be reached by any."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.cli import main
from xenscmi.devicetree import load, write_dtb
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.files import HostFiles
from xenscmi.host.load import LoadedHost
from xenscmi.host.manifest import read_manifest
from xenscmi.host.named_files import NamedFiles
from xenscmi.host.search import Links, SearchPath, on_target
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.rules.example import FILES
from xenscmi.source import Source


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a host that a manifest describes, beside a folder that is not its."""
    monkeypatch.chdir(tmp_path)
    folder, other = tmp_path / "board", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    write_manifest(folder)
    return folder


def write_manifest(folder: Path, *, paths: str = "", config: str = '"guest.cfg"', tree: str = '"guest.dts"') -> None:
    given = f"device_tree = {tree}\n" if tree else ""
    (folder / "host.toml").write_text(
        f'device_tree = "host.dts"\n{paths}\n[[domain]]\nconfig = {config}\n{given}'
        '\n[[domain]]\nname = "panel"\ndevice_tree = "panel.dts"\n'
    )


def loaded(*paths: str, **places: object) -> LoadedHost:
    import xenscmi

    return xenscmi.load_host(*paths, **places)  # type: ignore[arg-type]


def guest_tree(host: LoadedHost) -> str | None:
    """Return which file is the guest's partial tree."""
    (guest,) = [domain for domain in host.host.domains if domain.name == "guest"]
    return guest.tree.tree.source.name if guest.tree else None


def refused(*arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Run check on input that it refuses; return the one finding."""
    assert main(["check", "--format", "json", *arguments]) == 2
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert isinstance(found, dict)
    return found


# What an xl.cfg names by its path on the target.


def test_the_source_beside_the_xl_cfg_is_found_without_a_manifests_word(board: Path) -> None:
    write_manifest(board, tree="")
    assert guest_tree(loaded("board")) == "board/guest.dts"


@pytest.mark.parametrize("manifest", [True, False])
def test_a_file_of_the_target_is_found_below_root_and_its_source_with_include(board: Path, manifest: bool) -> None:
    blob = board.parent / "rootfs" / "boot" / "guest.dtb"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(write_dtb(load(board / "guest.dts")))
    shutil.move(board / "guest.dts", board.parent / "other" / "guest.dts")
    if manifest:
        write_manifest(board, tree="")
    else:
        (board / "host.toml").unlink()
    assert guest_tree(loaded("board")) is None
    assert guest_tree(loaded("board", roots=["rootfs"])) == "rootfs/boot/guest.dtb"
    assert guest_tree(loaded("board", include=["other"])) == "other/guest.dts"
    assert guest_tree(loaded("board", include=["other"], roots=["rootfs"])) == "other/guest.dts", "it has lines"
    assert guest_tree(loaded("board", roots=["other", "rootfs"])) == "rootfs/boot/guest.dtb"


def test_a_link_of_the_target_means_the_targets_path(board: Path) -> None:
    root = board.parent / "rootfs"
    (root / "boot").mkdir(parents=True)
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "usr" / "lib" / "real.dtb").touch()
    for link, target in (
        ("boot/absolute.dtb", "/usr/lib/real.dtb"),
        ("boot/relative.dtb", "../usr/lib/real.dtb"),
        ("boot/above.dtb", "../../../../usr/lib/real.dtb"),
        ("lib", "usr/lib"),
        ("boot/circle.dtb", "circle.dtb"),
        ("boot/outside.dtb", str(board / "host.dts")),
    ):
        (root / link).symlink_to(target)
    search = SearchPath(roots=(root,))

    def found(name: str) -> list[Path]:
        return [place.path for place in on_target(name, board, search, Links()) if place.path.exists()]

    real = [root / "usr" / "lib" / "real.dtb"]
    assert found("/boot/absolute.dtb") == found("/boot/relative.dtb") == found("/boot/above.dtb") == real
    assert found("/lib/real.dtb") == found("/../../lib/real.dtb") == real
    assert found("/boot/circle.dtb") == found("/boot/outside.dtb") == []


@pytest.mark.parametrize("name", ["../other/secret.dts", "/../other/secret.dts", "secret.dts", "a\0b", "", "/", ".."])
def test_no_name_of_an_xl_cfg_leads_out_of_the_folders(board: Path, name: str) -> None:
    secret = board.parent / "other" / "secret.dts"
    secret.write_text(FILES["guest.dts"])
    (board / "secret.dts").symlink_to(secret)
    inside = SearchPath(include=(board,), roots=(board,))
    for search in (SearchPath(), inside):
        for place in on_target(name, board, search, Links()):
            assert not place.path.exists() or place.path.resolve().is_relative_to(board)


def test_imagebuilder_names_files_of_the_target(board: Path) -> None:
    boot = board.parent / "rootfs" / "boot"
    boot.mkdir(parents=True)
    for name in ("host.dts", "panel.dts"):
        (boot / name).with_suffix(".dtb").write_bytes(write_dtb(load(board / name)))
        shutil.move(board / name, board.parent / "other" / name)
    (board / "host.toml").unlink()
    lines = ("XEN=/boot/xen", "DEVICE_TREE=/boot/host.dtb", "NUM_DOMUS=1", "DOMU_PASSTHROUGH_DTB[0]=/boot/panel.dtb")
    (board / "config").write_text("\n".join(lines) + "\n")
    assert loaded("board").host.tree is None
    found = loaded("board", roots=["rootfs"]).host
    assert found.tree is not None
    assert found.tree.source.name == "rootfs/boot/host.dtb"
    found = loaded("board", include=["other"]).host
    assert found.tree is not None
    assert found.tree.source.name == "other/host.dts"


# What a manifest names.


def test_a_name_of_paths_leads_to_another_tree_and_the_command_line_to_a_third(board: Path) -> None:
    shutil.move(board / "guest.dts", board.parent / "other" / "guest.dts")
    write_manifest(board, paths='paths = { meta-x = "../other" }', tree='"meta-x:guest.dts"')
    assert guest_tree(loaded("board")) == "other/guest.dts", "as a person writes it, not board/../other"
    (board.parent / "third").mkdir()
    shutil.move(board.parent / "other" / "guest.dts", board.parent / "third" / "guest.dts")
    assert guest_tree(loaded("board", named_roots={"meta-x": "third"})) == "third/guest.dts"
    assert main(["check", "--root", "meta-x=third", "board"]) == 0


def test_a_plain_name_is_looked_for_with_include_and_below_root(board: Path) -> None:
    shutil.move(board / "guest.dts", board.parent / "other" / "guest.dts")
    assert guest_tree(loaded("board", include=["other"])) == "other/guest.dts"
    assert guest_tree(loaded("board", roots=["other"])) == "other/guest.dts"
    for option in ("-I", "--include", "--root"):
        assert main(["check", option, "other", "board"]) == 0
        assert main(["show", option, "other", "board"]) == 0
        assert main(["simulate", option, "other", "board"]) == 0


def test_a_tree_of_another_folder_includes_what_lies_there(board: Path) -> None:
    other = board.parent / "other"
    (other / "dts").mkdir()
    (other / "page.dtsi").write_text('/ { model = "x"; };')
    (other / "dts" / "guest.dts").write_text(FILES["guest.dts"] + '/include/ "../page.dtsi"\n')
    write_manifest(board, paths='paths = { meta-x = "../other" }', tree='"meta-x:dts/guest.dts"')
    assert guest_tree(loaded("board")) == "other/dts/guest.dts"
    (other / "dts" / "guest.dts").write_text(FILES["guest.dts"] + '/include/ "../../board/host.dts"\n')
    with pytest.raises(XenscmiError, match="it lies outside the folder of the device tree"):
        loaded("board")


def test_includes_of_a_manifest_may_lie_in_another_tree(board: Path) -> None:
    (board.parent / "other" / "inc").mkdir()
    (board.parent / "other" / "inc" / "clock.h").write_text("#define CLOCK 20\n")
    text = FILES["guest.dts"].replace("&scmi_clock 20", "&scmi_clock CLOCK")
    (board / "guest.dts").write_text(f"#include <clock.h>\n{text}")
    write_manifest(board, paths='include = ["x:inc"]\npaths = { x = "../other" }')
    assert guest_tree(loaded("board")) == "board/guest.dts"
    with pytest.raises(XenscmiError, match=r"clock\.h"):
        loaded("board", named_roots={"x": "board"})


@pytest.mark.parametrize(
    ("paths", "tree", "message", "help"),
    [
        ("", "../other/guest.dts", "../other/guest.dts lies outside the host's folder", "a name in [paths]"),
        ("", "/etc/passwd", "/etc/passwd lies outside the host's folder", "a name in [paths]"),
        ("", "link.dts", "link.dts leads out of the host's folder", "a name in [paths]"),
        ('x = "../other"', "x:../board/guest.dts", "../board/guest.dts lies outside the folder x of [paths]", ""),
        ('x = "../other"', "x:/etc/passwd", "/etc/passwd lies outside the folder x of [paths]", ""),
        ('x = "../other"', "x:link.dts", "x:link.dts leads out of the host's folder", "a name in [paths]"),
        ('meta = "../other"', "mata:guest.dts", "there is no folder `mata' in [paths]", "did you mean `meta'?"),
        ("", "x:guest.dts", "there is no folder `x' in [paths]", 'add x = "FOLDER" to [paths]'),
        ("", "gest.dts", "cannot read board/gest.dts: No such file or directory", "did you mean `guest.dts'?"),
        ('x = "../other"', "x:gest.dts", "cannot read other/gest.dts: No such file or directory", ""),
        (
            'x = "../othr"',
            "x:gest.dts",
            "cannot read othr/gest.dts: No such file or directory",
            "there is no folder othr: correct x in [paths], or say where it is with --root x=DIR",
        ),
    ],
)
def test_a_name_that_does_not_lead_to_a_file_is_told_at_its_key(
    board: Path, paths: str, tree: str, message: str, help: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (board / "link.dts").symlink_to("../elsewhere.dts")
    (board.parent / "other" / "link.dts").symlink_to("../elsewhere.dts")
    (board.parent / "elsewhere.dts").write_text(FILES["guest.dts"])
    write_manifest(board, paths=f"paths = {{ {paths} }}", tree=f'["guest.dts", "{tree}"]')
    found = refused("board", capsys=capsys)
    assert message in str(found["message"])
    assert help in str(found["help"])
    assert (found["file"], found["line"], found["column"]) == ("board/host.toml", 5, 29)


def test_a_link_between_folders_of_the_host_is_followed(board: Path) -> None:
    shutil.move(board / "guest.dts", board.parent / "other" / "guest.dts")
    (board / "guest.dts").symlink_to("../other/guest.dts")
    with pytest.raises(XenscmiError, match=r"guest\.dts leads out of the host's folder"):
        loaded("board")
    write_manifest(board, paths='paths = { x = "../other" }')
    assert guest_tree(loaded("board")) == "board/guest.dts"


def test_a_confined_host_gets_its_folders_from_the_command_line_alone(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(board, paths='paths = { x = "../other" }')
    found = refused("--confined", "board", capsys=capsys)
    assert found["message"] == "../other lies outside the host's folder, and the host is confined to it"
    assert found["help"] == "give the folder on the command line: --root x=DIR"
    assert (found["file"], found["line"]) == ("board/host.toml", 2)
    assert main(["check", "--confined", "--root", "x=other", "board"]) == 0
    write_manifest(board, paths='paths = { x = "." }')
    assert main(["check", "--confined", "board"]) == 0


def test_a_root_that_no_manifest_has_is_an_error(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_manifest(board, paths='paths = { meta = "../other" }')
    found = refused("--root", "mata=other", "board", capsys=capsys)
    assert found["message"] == "--root mata=…: board/host.toml has no folder `mata' in [paths]"
    assert found["help"] == "did you mean `meta'?"
    (board / "host.toml").unlink()
    assert "there is no host.toml with [paths]" in str(refused("--root", "x=other", "board", capsys=capsys)["message"])
    (board.parent / "x=other").mkdir()
    assert main(["check", "--root", "./x=other", "board"]) == 0, "a folder with an equals sign"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("paths", [None, 'paths = { meta = "../other" }'])
def test_a_folder_that_may_not_be_read_is_named_at_what_leads_there(
    board: Path, paths: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    (board / "guest.dts").unlink()
    other = board.parent / "other"
    if paths is None:
        (board / "host.toml").unlink(missing_ok=True)
    else:
        write_manifest(board, paths=paths, tree='"meta:guest.dts"')
    other.chmod(0)
    try:
        found = refused("-I", "other", "board", capsys=capsys)
    finally:
        other.chmod(0o755)
    assert found["message"] == "cannot read other/guest.dts: Permission denied"
    assert found["file"] == ("board/guest.cfg" if paths is None else "board/host.toml")


def test_a_mistyped_folder_of_the_command_line_is_said(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else less of the host would be checked, and a gate be green."""
    write_manifest(board, paths='paths = { meta = "../other" }')
    for root in ("rotfs", "meta=rotfs"):
        for options in ((), ("--cache", "cache")):
            assert main(["check", "--root", root, *options, "board"]) == 2
            assert f"--root {root}: there is no such folder" in capsys.readouterr().err
    assert main(["check", "-I", "othr", "board"]) == 0
    assert "warning: -I othr: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "help"),
    [("gest.cfg", "did you mean `guest.cfg'?"), ("zzz", "the files are guest.cfg, guest.dts, host.dts")],
)
def test_a_file_that_per_file_does_not_know(
    board: Path, name: str, help: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (board / "host.toml").open("a") as manifest:
        manifest.write(f'[rules.per_file]\n"guest.dts" = ["XS1"]\n"{name}" = ["XS1"]\n')
    found = refused("board", capsys=capsys)
    assert found["message"] == f"rules.per_file: {name} is not a file of this host"
    assert str(found["help"]).startswith(help)
    assert (found["file"], found["line"]) == ("board/host.toml", 12)


def test_overlays_and_fragments_have_an_order_and_a_first(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "more.dtso").write_text('/dts-v1/; /plugin/; &{/passthrough} { model = "x"; };')
    (board / "more.cfg").write_text("vcpus = 2\n")
    write_manifest(board, config='["guest.cfg", "more.cfg"]', tree='["guest.dts", "more.dtso"]')
    (guest,) = [domain for domain in loaded("board").host.domains if domain.name == "guest"]
    assert guest.vcpus is not None
    assert (guest.vcpus.value, guest.vcpus.span.source.name) == (2, "board/more.cfg")
    assert guest.tree is not None
    node = guest.tree.tree.node("/passthrough")
    assert node is not None
    assert "model" in node
    write_manifest(board, tree='["more.dtso", "guest.dts"]')
    found = refused("board", capsys=capsys)
    assert found["message"] == "board/more.dtso is an overlay, not a partial device tree"
    for empty in ("[]", '""', '[""]'):
        write_manifest(board, config=empty)
        assert "domain[0].config" in str(refused("board", capsys=capsys)["message"])


def test_a_link_that_is_not_needed_does_not_matter(board: Path) -> None:
    (board.parent / "elsewhere.dts").write_text(FILES["guest.dts"])
    (board.parent / "other" / "guest.dts").symlink_to("../elsewhere.dts")
    assert guest_tree(loaded("board", include=["other"])) == "board/guest.dts"


@given(
    st.text(alphabet="./:xglinkdts\\~\0", max_size=14) | st.sampled_from(["x:link.dts", "x:up/secret.dts", "link.dts"])
)
def test_no_name_of_a_manifest_leads_out_of_the_folders(places: tuple[NamedFiles, Path], name: str) -> None:
    named, top = places
    with suppress(XenscmiError):
        for place in named._find(name, "$.device_tree"):
            found = place.path.resolve()
            assert found.is_relative_to(top / "board") or found.is_relative_to(top / "other")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[NamedFiles, Path]:
    """Return a manifest's files, among folders with links that lead out."""
    top = tmp_path_factory.mktemp("places").resolve()
    for folder in ("board", "other", "secret"):
        (top / folder).mkdir()
    (top / "secret" / "secret.dts").touch()
    for folder in ("board", "other"):
        (top / folder / "link.dts").symlink_to("../secret/secret.dts")
        (top / folder / "up").symlink_to("../secret")
    path = top / "board" / "host.toml"
    source = Source(str(path), 'device_tree = "a.dts"\npaths = { x = "../other" }\n')
    return NamedFiles(HostFiles(Path.read_bytes), path, read_manifest(source), TomlPlaces(source)), top
