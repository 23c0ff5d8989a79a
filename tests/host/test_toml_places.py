"""The places of keys and items: those, and only those, that a reader of values finds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import XenscmiError
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.source import Source

TEXT = """\
a = 1 # [not.a.table]
"b c" = 1979-05-27 07:32:00Z
d.e.'f' = [ 1, [2, "]"], # ]
   { x = '''[
y]''', z.w = [{}] }, ]
s = \"""
[no.table]
key = "none" \\\"""\"""
  [ t . u ]
v = "\\"["
[[w]]
[w.x]
y = 0x7f
[[w]]
x = { y = 1.5e3 }
[[w.z]]
[[w.z]]
q = [[], []]
"""
PATHS = {
    "$.a": 1, "$.b c": 2, "$.d.e.f": 3, "$.d.e.f[1][1]": 3, "$.d.e.f[2].x": 4, "$.d.e.f[2].z.w[0]": 5, "$.s": 6,
    "$.t.u": 9, "$.t.u.v": 10, "$.w[0]": 11, "$.w[0].x.y": 13, "$.w[1].x.y": 15, "$.w[1].z[1].q[1]": 18,
}  # fmt: skip


def _leaves(value: object, path: str) -> Iterator[str]:
    """Yield the paths of what has no parts."""
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(f"{path}.{key}", each) for key, each in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{number}]", each) for number, each in enumerate(value)]
    for inner, each in items:
        yield from _leaves(each, inner)
    if not items:
        yield path


def test_every_value_has_its_place() -> None:
    places = TomlPlaces(Source("t.toml", TEXT))
    assert {path: places.at(path).line for path in PATHS} == PATHS
    for path in _leaves(tomllib.loads(TEXT), "$"):
        span = places.at(path)
        assert span.text.replace("'", "").strip('"') in path or path.endswith("]"), path
        assert span.line > 1 or path == "$.a"


def test_what_has_no_place_has_that_of_what_is_around_it() -> None:
    places = TomlPlaces(Source("t.toml", TEXT))
    assert places.at("$.w[1].z[7].no.\x1b.key").text == "w"
    assert places.at("$.w[1].x.new").text == "x"
    assert places.at("nonsense").start == 0
    assert places.at("[." * 100_000).start == 0


@given(st.text(alphabet="ab.=[]{},\"' \n#1\\", max_size=60))
def test_whatever_is_toml_is_read_to_its_end(text: str) -> None:
    with suppress(XenscmiError):
        places = TomlPlaces(Source("t.toml", text))
        with suppress(tomllib.TOMLDecodeError):
            values = tomllib.loads(text)
            for path in _leaves(values, "$"):
                keys = path.replace("[", ".").split(".")
                if all(key.rstrip("]").isalnum() for key in keys[1:]):
                    assert places.at(path) != places.at("nonsense") or not values or places.at(path).start == 0
