"""Folders without a manifest: their Kconfig fragments, and the trees to which their overlays belong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.api import load_host
from xenscmi.cli import main
from xenscmi.devicetree import load, write_dtb
from xenscmi.diagnostics import XenscmiError
from xenscmi.host.kinds import looks_like_kconfig
from xenscmi.host.types import HostDomain
from xenscmi.rules.example import FILES

LABELLED = {name: text.replace("\tpassthrough {", "\tpassthrough: passthrough {") for name, text in FILES.items()}
LABELLED["guest.dts"] = LABELLED["guest.dts"].replace("audio@", "audio: audio@")


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "board"
    folder.mkdir()
    for name, text in LABELLED.items():
        (folder / name).write_text(text)
    return folder


def guest(folder: str = "board") -> HostDomain:
    (found,) = [domain for domain in load_host(folder).host.domains if domain.name == "guest"]
    return found


def notes(folder: str = "board") -> list[str]:
    return [note.message.removeprefix("board/") for note in load_host(folder).host.notes]


KCONFIG = '# Xen\nCONFIG_SCMI=y\n\n# CONFIG_DEBUG is not set\nCONFIG_CMDLINE="a # b"\n'


@pytest.mark.parametrize(
    ("text", "is_kconfig"),
    [
        (KCONFIG, True),
        ("# CONFIG_DEBUG is not set", True),
        ("  CONFIG_X=m\r\n", True),
        ("", False),
        ("# nothing\n", False),
        ("# see CONFIG_SCMI\nname = 'x'\n", False),
        ('name = "x"\n# CONFIG_X is not set\n', False),
        ("name = 'guest'\nextra = '\nCONFIG_X=y\n'\n", False),
    ],
)
def test_a_kconfig_fragment_has_options_and_comments_alone(text: str, is_kconfig: bool) -> None:
    assert looks_like_kconfig(text) is is_kconfig


@given(st.text())
def test_no_text_without_an_option_is_a_kconfig_fragment(text: str) -> None:
    assert not looks_like_kconfig(text) or "CONFIG_" in text
    assert not looks_like_kconfig(f"CONFIG_X=y\nname = 'guest'\n{text}")


def test_kconfig_fragments_of_a_folder_are_left_out(board: Path) -> None:
    before = load_host("board").host
    (board / "xen.cfg").write_text(KCONFIG)
    after = load_host("board").host
    assert after == before
    assert [each.source.name for each in after.configurations] == ["board/guest.cfg"]
    assert "xen.cfg: taken for a Kconfig fragment, and left out" in notes()


def test_one_that_is_named_is_an_error(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (board / "xen.cfg").write_text(KCONFIG)
    assert main(["check", "board/host.dts", "board/xen.cfg"]) == 2
    said = capsys.readouterr().err
    assert "board/xen.cfg:1:1: error: board/xen.cfg is a Kconfig fragment, not an xl.cfg" in said


def test_an_overlay_belongs_to_the_tree_that_has_what_it_amends(board: Path) -> None:
    (board / "a.dtso").write_text("/dts-v1/; /plugin/; &audio { more: more { }; };")
    (board / "b.dtso").write_text("/dts-v1/; /plugin/; &more { deeper; };")
    (board / "c.dtso").write_text("/dts-v1/; /plugin/; &page_2 { of-the-host; };")
    (board / "b.dtbo").write_bytes(write_dtb(load(board / "b.dtso")))
    found = guest().tree
    assert found is not None
    deeper = found.tree.node("/passthrough/audio@e0002000/more")
    assert deeper is not None
    assert deeper.get("deeper")
    assert found.span.source.name == "board/guest.dts"
    assert {
        "a.dtso: taken for an overlay of the partial device tree board/guest.dts",
        "b.dtso: taken for an overlay of the partial device tree board/guest.dts",
        "c.dtso: taken for an overlay of the host device tree",
    } <= set(notes())
    assert not any("b.dtbo" in note for note in notes()), "its source is read"


def test_overlays_of_a_folder_are_put_after_those_that_they_need(board: Path) -> None:
    (board / "a.dtso").write_text("/dts-v1/; /plugin/; &c { a; };")
    (board / "b.dtso").write_text("/dts-v1/; /plugin/; &audio { c: c { }; };")
    tree = guest().tree
    assert tree is not None
    node = tree.tree.node("/passthrough/audio@e0002000/c")
    assert node is not None
    assert "a" in node
    files = [f"board/{name}" for name in ("host.dts", "panel.dts", "guest.dts", "guest.cfg")]
    assert load_host(*files, "board/b.dtso", "board/a.dtso").host == load_host("board").host
    with pytest.raises(XenscmiError, match="the label c, which"):
        load_host(*files, "board/a.dtso", "board/b.dtso")


def test_a_link_in_a_circle_beside_the_files_of_a_host_is_not_its_matter(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (board / "circle").symlink_to("circle")
    assert main(["check", str(board)]) == 0
    (board / "circle.cfg").symlink_to("circle.cfg")
    capsys.readouterr()
    assert main(["check", str(board)]) == 2
    assert f"{board / 'circle.cfg'}: Too many levels of symbolic links" in capsys.readouterr().err


def test_an_xl_cfg_without_a_name_may_be_a_fragment(board: Path) -> None:
    (board / "more.cfg").write_text("vcpus = 2\n")
    (found,) = [note for note in load_host("board").host.notes if "names no domain" in note.message]
    assert found.span is not None
    assert (found.span.source.name, found.help.split(": ")[1]) == (
        "board/more.cfg",
        'config = ["FIRST.cfg", "more.cfg"]',
    )


def test_an_overlay_of_passthrough_is_for_the_one_partial_tree(board: Path) -> None:
    (board / "more.dtso").write_text("/dts-v1/; /plugin/; &passthrough { more; };")
    with pytest.raises(
        XenscmiError, match=r"which partial device tree does it amend\? board/guest\.dts, board/panel"
    ) as caught:
        load_host("board")
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert found.span.source.name == "board/more.dtso"
    assert "say so in host.toml" in found.help
    (board / "panel.dts").unlink()
    tree = guest().tree
    assert tree is not None
    node = tree.tree.node("/passthrough")
    assert node is not None
    assert "more" in node


def test_an_overlay_that_fits_nothing_is_told_where_it_is_wrong(board: Path) -> None:
    (board / "more.dtso").write_text("/dts-v1/; /plugin/; &nowhere { more; };")
    with pytest.raises(XenscmiError, match=r"the label nowhere, which board/host\.dts does not have"):
        load_host("board")
