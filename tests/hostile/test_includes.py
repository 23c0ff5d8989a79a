"""Device-tree sources that name files which they have no business with: none is opened, and none is shown."""

from __future__ import annotations

import os
import sys

import pytest
from tests.hostile.conftest import Place, Run

TREE = "/dts-v1/;\n/ { };\n"
LINE_MARKERS = ('# 1 "{path}"', '#line 1 "{path}"', '/* */\n# 1 "{path}" 1')


@pytest.mark.parametrize("marker", LINE_MARKERS)
@pytest.mark.parametrize("name", ["secret", "fifo"])
@pytest.mark.parametrize("first", ["", "#define A 1\n"])
def test_a_line_marker_names_no_file_to_show(place: Place, run: Run, marker: str, name: str, first: str) -> None:
    place.write("host.dts", f"/dts-v1/;\n{first}/ {{\n{marker.format(path=place.folder.parent / name)}\n broken\n}};\n")
    done = run("check", "host.dts")
    assert done.code == 2
    assert "syntax error" in done.err


def test_places_are_those_of_the_file_with_the_markers(place: Place, run: Run) -> None:
    place.write("other.dts", "first\nsecond\n")
    place.write("host.dts", '/dts-v1/;\n# 1 "other.dts"\n/ {\n broken\n};\n')
    done = run("check", "host.dts")
    assert "host.dts:5:1: error: syntax error" in done.err
    assert "other.dts" not in done.err


INCLUDES = (
    '/include/ "{path}"',
    '/include/\n\t"{path}"',
    '/ {{ a = /incbin/("{path}"); }};',
    '/ {{ a = /incbin/ /* " */ ("{path}", 0, 4); }};',
    '#include "{path}"',
    "#include <{path}>",
    '#/**/include "{path}"',
    '%:include "{path}"',
    '#inc\\\nlude "{path}"',
    'a /*\n*/ /**/\n #include "{path}"',
    '#define X "{path}"\n#include X',
    '#include_next "{path}"',
    '#if __has_include("{path}")\n#endif',
    '#define H __has_include\n#if H("{path}")\n#endif',
    '#pragma GCC dependency "{path}"',
    '#define A /include/ "{path}"\nA',
    '#define A(x) x "{path}"\nA(/include/)',
)


@pytest.mark.parametrize("text", INCLUDES)
@pytest.mark.parametrize("name", ["secret", "fifo"])
@pytest.mark.parametrize("relative", [True, False])
def test_no_include_leads_out_of_the_folder(place: Place, run: Run, text: str, name: str, relative: bool) -> None:
    path = f"../{name}" if relative else str(place.folder.parent / name)
    place.write("host.dts", f"/dts-v1/;\n{text.format(path=path)}\n/ {{ }};\n")
    done = run("check", "host.dts")
    assert done.code == 2
    assert "error:" in done.err


def test_neither_does_an_included_file_or_a_link(place: Place, run: Run) -> None:
    place.write("host.dts", '/dts-v1/;\n/include/ "a.dtsi"\n/ { };\n')
    place.write("a.dtsi", f'/include/ "{place.secret}"\n')
    assert "it lies outside the folder of the device tree" in run("check", "host.dts").err
    (place.folder / "a.dtsi").unlink()
    (place.folder / "a.dtsi").symlink_to(place.secret)
    assert "it lies outside the folder of the device tree" in run("check", "host.dts").err
    place.write("host.dts", '/dts-v1/;\n/ { a = /incbin/("\\x61.dtsi"); };\n')
    assert "its name has an escape" in run("check", "host.dts").err


def test_include_lets_a_tree_include_more(place: Place, run: Run) -> None:
    place.write("common/soc.dtsi", "/ { };\n")
    place.write("board/host.dts", '/dts-v1/;\n/include/ "../common/soc.dtsi"\n')
    for command in ("check", "simulate", "show"):
        assert "name its folder with --include" in run(command, "board").err
        assert run(command, "--include", "common", "board").code in (0, 1)
    place.write("host.toml", 'device_tree = "board/host.dts"\n')
    assert run("check").code == 0


def test_what_is_no_regular_file_is_not_included(place: Place, run: Run) -> None:
    os.mkfifo(place.folder / "pipe")
    (place.folder / "loop").symlink_to("loop")
    with (place.folder / "sparse").open("wb") as file:
        file.truncate(20 << 30)
    for name, reason in (
        ("pipe", "it is not a regular file"),
        ("loop", "ymlink" if sys.version_info < (3, 13) else "symbolic links"),  # who notices it first
        ("sparse", "a device tree and its includes have at most 16 MiB"),
        ("a\\0b", ""),
    ):
        for text in (f'/include/ "{name}"', f'#include "{name}"', f'/ {{ a = /incbin/("{name}"); }};'):
            place.write("host.dts", f"/dts-v1/;\n{text}\n/ {{ }};\n")
            done = run("check", "host.dts")
            assert done.code == 2
            assert reason in done.err


def test_what_lies_in_the_folder_is_included(place: Place, run: Run) -> None:
    place.write("sub/b.h", '#pragma once\n#include "../c.h"\n')
    place.write("c.h", "#define CELLS 1\n")
    place.write("d.dtsi", '/ { d = /incbin/("e.bin"); };\n')
    place.write("e.bin", b"1234")
    text = '/dts-v1/;\n#if __has_include("sub/b.h")\n#include "sub/b.h"\n#endif\n/ { #address-cells = <CELLS>; };\n'
    place.write("host.dts", f'{text}/include/ "d.dtsi"\n// #include of anything, and /include/ "../secret"\n')
    assert run("check", "host.dts").code in (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "".join(f"#define a{n + 1} a{n} a{n}\n" for n in range(40)) + "/ { b = <a40>; };", marks=pytest.mark.slow
        ),
        pytest.param('#include "host.dts"\n#include "host.dts"\n/ { };', marks=pytest.mark.slow),
        '/include/ "host.dts"',
        "/*" * 100_000,
        '"' * 100_001,
        "/include/ " * 100_000,
        "#include /*" * 100_000,
        "'" * 100_001 + "/*/" * 50_000,
        "#" + " " * 200_000 + "x",
    ],
    ids=["macros", "itself", "itself by dtc", "comments", "strings", "includes", "directives", "quotes", "blanks"],
)
def test_a_source_without_end(place: Place, run: Run, text: str) -> None:
    place.write("host.dts", f"/dts-v1/;\n{text}\n")
    assert run("check", "host.dts").code == 2
