"""Sources through dtc and the preprocessor: places, warnings, errors, files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.devicetree.same import same

from xenscmi.devicetree import DeviceTreeError, Node, Tree, load, parse_dts, parse_trees, program, write_dtb
from xenscmi.diagnostics import Severity

Dts = Callable[[str], Tree]


def places(node: Node) -> list[tuple[str, int, int, str]]:
    """File, line, column and text of a node and its properties."""
    spans = [*node.spans, *(prop.span for prop in node.properties)]
    return [(Path(span.source.name).name, span.line, span.column, span.text) for span in spans]


def at(tree: Tree, path: str) -> Node:
    node = tree.node(path)
    assert node is not None
    return node


def test_places_of_nodes_written_in_several_ways(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/inc.dtsi").write_text("/ {\n\ta: one { p; };\n};\n")
    (tmp_path / "main.dts").write_text(
        '/dts-v1/;\n/include/ "sub/inc.dtsi"\n&a { é = "}"; };\n'.replace("é = ", "/* é */ q = ")
        + "/ { one\n\n{ r = <1>,\n<2>; }; };\n&{/one} { p = <3>; };\n/ { two { }; };\n/delete-node/ &b;\n".replace(
            "/delete-node/ &b;\n", ""
        )
    )
    tree = load(tmp_path / "main.dts")
    assert places(at(tree, "/one")) == [
        ("inc.dtsi", 2, 5, "one"),
        ("main.dts", 3, 1, "&a"),
        ("main.dts", 4, 5, "one"),
        ("main.dts", 8, 1, "&{/one}"),
        ("main.dts", 8, 11, "p = <3>;"),
        ("main.dts", 3, 14, 'q = "}";'),
        ("main.dts", 6, 3, "r = <1>,\n<2>;"),
        ("inc.dtsi", 2, 5, "one"),
    ]
    assert [source.name for source in tree.sources] == [
        str(tmp_path / "main.dts"),
        str(tmp_path / "sub/inc.dtsi"),
    ]


def test_places_behind_the_preprocessor(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include/names.h").write_text("#define WIDE 0x123456789abcdef0\n#define NODE(x) x { made = <1>; };\n")
    (tmp_path / "main.dts").write_text(
        "/dts-v1/;\n#include <names.h>\n/ {\n"
        "\ta = /bits/ 64 <WIDE>, /bits/ 64 <WIDE>; b = <1>; reg { reg = <2>; };\n"
        "\tNODE(made_up)\n\tm { x = /bits/ 64 <WIDE>; b-names; b = <1>; };\n};\n"
    )
    tree = load(tmp_path / "main.dts", include=[tmp_path / "include"])
    assert places(tree.root)[1:] == [
        ("main.dts", 4, 2, "a = /bits/ 64 <WIDE>, /bits/ 64 <WIDE>;"),
        ("main.dts", 4, 42, "b = <1>;"),
    ]
    assert places(at(tree, "/reg")) == [("main.dts", 4, 51, "reg"), ("main.dts", 4, 57, "reg = <2>;")]
    assert places(at(tree, "/made_up")) == [("main.dts", 5, 2, "NODE(made_up)")] * 2
    assert places(at(tree, "/m"))[-2:] == [("main.dts", 6, 28, "b-names;"), ("main.dts", 6, 37, "b = <1>;")]
    second = tree.root.get("a")
    assert second is not None
    assert (second.place(8).column, second.place(8).text) == (35, "WIDE")


def test_includes_are_found_beside_the_source_and_in_given_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("host", "given", "elsewhere"):
        (tmp_path / folder).mkdir()
    (tmp_path / "host/a.dtsi").write_text('/include/ "b.dtsi"\n/ { a; };\n')
    (tmp_path / "given/b.dtsi").write_text("/ { b; };\n")
    (tmp_path / "elsewhere/a.dtsi").write_text("not this one")
    (tmp_path / "host/main.dts").write_text('/dts-v1/;\n/include/ "a.dtsi"\n')
    monkeypatch.chdir(tmp_path / "elsewhere")
    tree = load("../host/main.dts", include=[Path("../given")])
    assert [(prop.name, prop.span.source.name) for prop in tree.root.properties] == [
        ("b", "../given/b.dtsi"),
        ("a", "../host/a.dtsi"),
    ]


def test_warnings_are_kept_with_their_places(dts: Dts) -> None:
    tree = dts("/ {\n\tx@1 { };\n\ty { reg = <1>; };\n};\n&{/x@1} { };\n")
    said = [(each.span and each.span.line, each.message) for each in tree.warnings]
    assert (3, "/x@1: node has a unit name, but no reg or ranges property (unit_address_vs_reg)") in said
    assert (4, "/y: node has a reg or ranges property, but no unit name (unit_address_vs_reg)") in said
    assert {each.severity for each in tree.warnings} == {Severity.WARNING}
    assert not [each for each in tree.warnings if "prerequisite" in each.message]
    amended = tree.warnings[[message for _, message in said].index(said[0][1])]
    assert "also defined here" in {note.label for each in tree.warnings for note in each.related} or amended


ERRORS = {
    "syntax": ("/ { a b; };", "syntax error", "b"),
    "label": ("/ { n { a = <1 &nope>; }; };", '/n: Reference to non-existent node or label "nope"', "&nope"),
    "path": ("/ { a = <&{/nope}>; };", '/: Reference to non-existent node or label "/nope"', "&{/nope}"),
    "include": ('/include/ "nope.dtsi"', 'Couldn\'t open "nope.dtsi": No such file or directory', '"nope.dtsi"'),
    "preprocessor": ("#include <nope.h>", "nope.h: No such file or directory", ""),
    "arithmetic": ("/ { a = <(1 / 0)>; };", "Division by zero", "1 / 0"),
    "doubled": ("/ { a; a; b { }; };", "/:a: Duplicate property name", "a;"),
    "order": ("/ { b { }; a; };", "Properties must precede subnodes", "a;"),
    "no end": ("/ { a {", "syntax error", "{"),
    "not text": ("\0\1\2", "syntax error", None),
    "itself": ('/include/ "t.dts"', "Couldn't open", '"t.dts"'),
}


@pytest.mark.parametrize(
    ("case", "help"),
    {"syntax": "look here and just before", "label": "correct the name", "include": "--include"}.items(),
)
def test_errors_that_do_not_say_what_to_do_have_help(dts: Dts, case: str, help: str) -> None:
    with pytest.raises(DeviceTreeError) as caught:
        dts(ERRORS[case][0])
    assert help in (caught.value.diagnostics[0].help or "")


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_ours_with_their_place(dts: Dts, case: str) -> None:
    text, message, written = ERRORS[case]
    with pytest.raises(DeviceTreeError) as caught:
        dts(text)
    (found,) = caught.value.diagnostics
    assert found.message.startswith(message)
    assert found.severity is Severity.ERROR
    assert found.span is not None
    assert found.span.source.name == "t.dts"
    if written is not None:
        assert (found.span.line, found.span.text) == (2, written)


def test_errors_in_an_included_file_are_shown_there(tmp_path: Path) -> None:
    (tmp_path / "inc.dtsi").write_text("/ {\n\ta b;\n};\n")
    with pytest.raises(DeviceTreeError) as caught:
        parse_dts(b'/dts-v1/;\n/include/ "inc.dtsi"\n', name="hosts/t.dts", directory=tmp_path)
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.span.source.name, found.span.line, found.span.text) == (str(tmp_path / "inc.dtsi"), 2, "b")


def test_an_include_that_is_missing_further_down_is_shown_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/inc.dtsi").write_text('\n /include/ "gone.dtsi"\n/include/ "../sub/inc.dtsi"')
    with pytest.raises(DeviceTreeError, match="gone") as caught:
        parse_dts(b'/dts-v1/;\n/include/ "sub/inc.dtsi"\n', name="t.dts", directory=tmp_path)
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert (found.span.source.name, found.span.line) == (str(tmp_path / "sub/inc.dtsi"), 2)
    assert found.span.text == '"gone.dtsi"'


def test_several_errors_come_together(dts: Dts) -> None:
    with pytest.raises(DeviceTreeError) as caught:
        dts("/ {\n a = <&x>;\n n { b = <&y>; };\n };")
    assert [each.span and each.span.line for each in caught.value.diagnostics] == [3, 4]


@pytest.mark.parametrize("depth", [65, 2000, 10_000, 100_000])
def test_nodes_too_deep_end_in_an_error(dts: Dts, depth: int) -> None:
    with pytest.raises(DeviceTreeError, match=r"nest deeper than 64 levels|memory exhausted"):
        dts("/ {" + " n {" * depth + " };" * depth + " };")


def test_dtc_has_limits(tmp_path: Path, dts: Dts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "TIME_LIMIT", 0.2)
    monkeypatch.setattr(program, "OUTPUT_LIMIT", 4096)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for script, reason in (("exec sleep 60", r"took more than 0\.2 s"), ("exec cat /dev/zero", "wrote more than")):
        (tmp_path / "dtc").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "dtc").chmod(0o755)
        with pytest.raises(DeviceTreeError, match=f"dtc was stopped: it {reason}"):
            dts("/ { };")


def test_dtc_that_is_not_there_is_said(dts: Dts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceTreeError, match="cannot run dtc: No such file") as caught:
        dts("/ { };")
    assert caught.value.diagnostics[0].help == "install dtc (Debian: device-tree-compiler)"
    with pytest.raises(DeviceTreeError, match="cannot run cpp: No such file"):
        dts("#define A 1\n/ { };")
    with pytest.raises(DeviceTreeError, match=r"cannot run dtc in .*/gone: No such file") as caught:
        parse_dts(b"/dts-v1/; / { };", name="t.dts", directory=tmp_path / "gone")
    assert caught.value.diagnostics[0].help == ""


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -SEGV $$", "dtc failed with status -11: without a word"),
        ("echo usage >&2; echo unrecognized option >&2; exit 1", "dtc failed with status 1: unrecognized option"),
    ],
)
def test_dtc_that_dies_is_said(
    dts: Dts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, message: str
) -> None:
    (tmp_path / "dtc").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "dtc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DeviceTreeError, match=message):
        dts("/ { };")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 1 << 30)
    for name, reason in (
        ("missing", "No such file or directory"),
        ("folder", "it is not a regular file"),
        ("fifo", "it is not a regular file"),
        ("huge", "it has 1073741824 bytes"),
        ("missing/x", "No such file or directory"),
        ("huge/x", "Not a directory"),
        ("n" * 300, "File name too long"),
    ):
        with pytest.raises(DeviceTreeError, match=reason) as caught:
            load(tmp_path / name)
        (found,) = caught.value.diagnostics
        assert found.span is not None
        assert found.span.source.name == str(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "t.dts").write_text("/dts-v1/; / { };")
    (tmp_path / "t.dts").chmod(0)
    with pytest.raises(DeviceTreeError, match="Permission denied"):
        load(tmp_path / "t.dts")


def test_many_files_at_once_keep_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.dts" for index in range(12)]
    for index, path in enumerate(paths):
        path.write_text(f"/dts-v1/; / {{ n{index} {{ }}; {'oops' if index == 5 else ''} }};")
    for index, result in enumerate(parse_trees([(path, path.read_bytes(), path.parent) for path in paths])):
        if index == 5:
            assert isinstance(result, DeviceTreeError)
        else:
            assert isinstance(result, Tree)
            assert result.node(f"/n{index}")


def test_the_kind_is_told_by_content(tmp_path: Path, dts: Dts) -> None:
    tree = dts("/ { a = <1>; };")
    (tmp_path / "odd.dts").write_bytes(write_dtb(tree))
    loaded = load(tmp_path / "odd.dts")
    assert same(loaded, tree)
    assert (loaded.root.span.line, loaded.root.span.text) == (1, "")


SOURCE = b"""/dts-v1/;
/memreserve/ 0x1000 0x1000;
/ { /* a comment */
    a: n@1 { s = "x", "y"; c = <1 &a (1 + 2)>; b = [01 02]; l = &a; };
};
&a { more = /bits/ 16 <1 2>; }; // another
#define X 1
"""
SCRAPS = [*(b"%c" % sign for sign in b'/{};<>=&"\\\0\xff\n'), b"/*", b"*/", b"#if ", b"/include/ ", b"/plugin/;"]


@given(st.data())
def test_a_damaged_source_is_a_tree_or_an_error(data: st.DataObject) -> None:
    text = SOURCE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 8, len(text))))
        text = text[:start] + data.draw(st.sampled_from([b"", *SCRAPS])) + text[end:]
    try:
        tree = parse_dts(text, name="t.dts", directory=Path())
    except DeviceTreeError as error:
        spans = [each.span for each in error.diagnostics]
    else:
        spans = [span for node in tree.walk() for span in node.spans]
    for span in spans:
        assert span is not None
        assert 0 <= span.start <= span.end <= len(span.source.text)


@pytest.mark.parametrize(("data", "begins"), [(b"junk", "6a756e6b"), (b"", "nothing")])
def test_a_blob_by_name_must_be_one(tmp_path: Path, data: bytes, begins: str) -> None:
    (tmp_path / "board.dtb").write_bytes(data)
    with pytest.raises(DeviceTreeError, match=f"is not a device tree blob: it begins with {begins}, not d00dfeed"):
        load(tmp_path / "board.dtb")
