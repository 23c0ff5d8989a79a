"""Overlays: applied as libfdt does, every part with the place where it was written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.devicetree.same import same

from xenscmi.devicetree import DeviceTreeError, Property, Tree, apply_overlays, parse_dts, program, read_dtb, write_dtb

BASE = b"""/dts-v1/;
/memreserve/ 0x1000 0x1000;
/ {
    soc: soc {
        foo: foo@1 { status = "disabled"; keep; };
        bar: bar { };
    };
};
"""
FIRST = b"""/dts-v1/;
/plugin/;
&foo { status = "okay"; refs = <&bar 1 &n>; n: n { self = <&n>; }; };
&{/soc} { added { }; };
"""
SECOND = b"""/dts-v1/;
/plugin/;
&n { more = "x"; };
&foo { status = "fail"; };
"""


def compiled(text: bytes, name: str) -> Tree:
    return parse_dts(text, name=name, directory=Path())


@pytest.fixture(scope="module")
def merged() -> Tree:
    return apply_overlays(compiled(BASE, "base"), [compiled(FIRST, "first"), compiled(SECOND, "second")])


def place(tree: Tree, path: str, name: str) -> tuple[str, int]:
    return prop(tree, path, name).span.source.name, prop(tree, path, name).span.line


def prop(tree: Tree, path: str, name: str) -> Property:
    node = tree.node(path)
    assert node is not None
    found = node.get(name)
    assert found is not None
    return found


def test_each_property_knows_its_file(merged: Tree) -> None:
    assert place(merged, "/soc/foo@1", "keep") == ("base", 5)
    assert place(merged, "/soc/foo@1", "status") == ("second", 4)
    assert place(merged, "/soc/foo@1", "refs") == ("first", 3)
    assert place(merged, "/soc/foo@1/n", "self") == ("first", 3)
    assert place(merged, "/soc/foo@1/n", "more") == ("second", 3)
    assert prop(merged, "/soc/foo@1", "status").string() == "fail"
    assert [source.name for source in merged.sources] == ["base", "first", "second"]


def test_each_node_knows_its_places(merged: Tree) -> None:
    foo, added = merged.node("/soc/foo@1"), merged.node("/soc/added")
    assert foo is not None
    assert [(span.source.name, span.text) for span in foo.spans] == [
        ("base", "foo@1"),
        ("first", "&foo"),
        ("second", "&foo"),
    ]
    assert added is not None
    assert (added.span.source.name, added.span.line) == ("first", 4)


def test_references_lead_into_base_and_overlay(merged: Tree) -> None:
    refs = prop(merged, "/soc/foo@1", "refs")
    assert refs.node_at(0) is merged.by_label("bar")
    assert refs.node_at(2) is merged.by_label("n") is merged.node("/soc/foo@1/n")
    assert prop(merged, "/soc/foo@1/n", "self").node_at() is merged.by_label("n")
    assert refs.place(8).text == "&n"


def test_the_result_is_fdtoverlays(merged: Tree, tmp_path: Path) -> None:
    for name, text in (("base", BASE), ("first", FIRST), ("second", SECOND)):
        (tmp_path / name).write_bytes(write_dtb(compiled(text, name)))
    files = ["-i", "base", "-o", "merged", "first", "second"]
    subprocess.run(["fdtoverlay", *files], cwd=tmp_path, check=True)
    assert same(read_dtb((tmp_path / "merged").read_bytes(), "merged"), merged)


def test_overlays_may_be_blobs(merged: Tree) -> None:
    blobs = [read_dtb(write_dtb(compiled(text, name)), name) for name, text in (("first", FIRST), ("second", SECOND))]
    base = read_dtb(write_dtb(compiled(BASE, "base")), "base")
    tree = apply_overlays(base, blobs)
    assert same(tree, merged)
    assert prop(tree, "/soc/foo@1", "status").span.source.name == "second"
    assert prop(tree, "/soc/foo@1", "keep").span.source.name == "base"


def test_the_base_stays_as_it_is() -> None:
    base = compiled(BASE, "base")
    apply_overlays(base, [compiled(FIRST, "first")])
    assert same(base, compiled(BASE, "base"))


ERRORS = {
    "no overlay": ("/dts-v1/; / { };", "it is not an overlay: no node below the root has an __overlay__", 1),
    "no label": (
        "/dts-v1/; /plugin/;\n&nope { };",
        "the overlay refers to the label nope, which base does not have",
        2,
    ),
    "no label in a value": (
        "/dts-v1/; /plugin/;\n&foo {\n a = <1\n &nope>; };",
        "the overlay refers to the label nope, which base does not have",
        4,
    ),
    "no path": ("/dts-v1/; /plugin/;\n&{/nope} { };", "/fragment@0: target-path is /nope, which base does not have", 2),
    "no target": ("/dts-v1/; /plugin/;\n/ { f {\n __overlay__ { }; }; };", "/f has no target", 3),
    "bad target": (
        "/dts-v1/; /plugin/; / { f {\n target = <1>; __overlay__ { }; }; };",
        "/f: target refers to phandle 0x1, which no node has",
        2,
    ),
    "target not yet there": (
        "/dts-v1/; /plugin/; / { f {\n target = <&x>; __overlay__ { x: x { }; }; }; };",
        "/f: target is /f/__overlay__/x, which no fragment before puts into the base",
        2,
    ),
    "bad fixup": (
        "/dts-v1/; / {\n __fixups__ { foo = \"/f:target\"; };\n f { target-path = \"/\"; __overlay__ { }; }; };",
        "/__fixups__: foo holds '/f:target', which is not of the form path:property:offset",
        2,
    ),
    "offset outside": (
        "/dts-v1/; / {\n __fixups__ { foo = \"/f:a:99\"; };\n"
        "f { a = <1>; target-path = \"/\"; __overlay__ { }; }; };",
        "/__fixups__: foo leads to byte 99 of a, where there is no phandle",
        2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_what_does_not_fit_is_said_with_its_place(case: str) -> None:
    text, message, line = ERRORS[case]
    with pytest.raises(DeviceTreeError) as caught:
        apply_overlays(compiled(BASE, "base"), [compiled(text.encode(), "t")])
    (found,) = caught.value.diagnostics
    assert found.message == message
    assert found.span is not None
    assert (found.span.source.name, found.span.line) == ("t", line)


def test_all_missing_labels_are_said_at_once() -> None:
    text = b"/dts-v1/; /plugin/;\n&nope { };\n&foo { a = <&gone>; };"
    with pytest.raises(DeviceTreeError) as caught:
        apply_overlays(compiled(BASE, "base"), [compiled(text, "t")])
    assert [each.span and each.span.line for each in caught.value.diagnostics] == [2, 3]


def test_a_base_without_symbols_is_told_what_it_lacks(dts: Callable[[str], Tree]) -> None:
    with pytest.raises(DeviceTreeError) as caught:
        apply_overlays(dts("/ { };"), [compiled(SECOND, "second")])
    assert caught.value.diagnostics[0].help == "the base has no /__symbols__: compile it with `dtc -@`"


def test_many_labels_far_down_have_room(dts: Callable[[str], Tree]) -> None:
    name = "n" * 200
    base = dts(f"/ {{ {name} {{ {name} {{ {name} {{ {name} {{ far: down {{ }}; }}; }}; }}; }}; }};")
    overlay = compiled(
        f"/dts-v1/; /plugin/; &far {{ {' '.join(f'l{n}: a{n} {{ }};' for n in range(200))} }};".encode(), "t"
    )
    merged = apply_overlays(base, [overlay])
    assert merged.by_label("l199") is merged.node(f"/{name}/{name}/{name}/{name}/down/a199")


@pytest.mark.parametrize("offset", [1, 4, 0x7FFFFFFC, 0xFFFFFFFC])
def test_local_fixups_outside_their_property_never_reach_libfdt(offset: int) -> None:
    text = f"/dts-v1/; / {{ __local_fixups__ {{ f {{ a = <{offset}>; }}; }};"
    text += ' f { a = <1>; target-path = "/"; __overlay__ { }; }; };'
    with pytest.raises(DeviceTreeError, match=f"a leads to byte {offset} of a, where there is no phandle"):
        apply_overlays(compiled(BASE, "base"), [compiled(text.encode(), "t")])


def said_of(overlay: bytes) -> str:
    """Return the one thing that is said of an overlay that cannot be applied, and whose place is its whole."""
    with pytest.raises(DeviceTreeError) as caught:
        apply_overlays(compiled(BASE, "base"), [compiled(overlay, "t")])
    (found,) = caught.value.diagnostics
    assert found.span is not None
    assert found.span.source.name == "t"
    return found.message


def test_what_only_libfdt_refuses_has_its_reason() -> None:
    text = b'/dts-v1/; / { f { target-path = "/"; __overlay__ { }; }; __symbols__ { bad = [41]; }; };'
    assert said_of(text) == "t cannot be applied to base: FDT_ERR_BADVALUE"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -SEGV $$", "t cannot be applied to base: fdtoverlay failed with status -11"),
        ("exec sleep 60", "fdtoverlay was stopped: it took more than 0.2 s"),
    ],
)
def test_fdtoverlay_that_dies_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, message: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/fdtoverlay").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin/fdtoverlay").chmod(0o755)
    (tmp_path / "temporary").mkdir()
    base, overlay = compiled(BASE, "base"), compiled(FIRST, "t")
    monkeypatch.setattr(program, "TIME_LIMIT", 0.2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(DeviceTreeError) as caught:
        apply_overlays(base, [overlay])
    assert str(caught.value) == message
    assert list((tmp_path / "temporary").iterdir()) == []


def test_fdtoverlay_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base, overlay = compiled(BASE, "base"), compiled(FIRST, "t")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert apply_overlays(base, []) is base
    with pytest.raises(DeviceTreeError, match="cannot run fdtoverlay: No such file") as caught:
        apply_overlays(base, [overlay])
    help = "install fdtoverlay, which comes with dtc (Debian: device-tree-compiler)"
    assert caught.value.diagnostics[0].help == help
