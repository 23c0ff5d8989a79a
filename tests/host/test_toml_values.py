"""The places of values in TOML: each value stands where tomllib has it, for every form that TOML has."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.host.toml_values import toml_values
from xenscmi.source import Source

ROOT = Path(__file__).parents[2]

FORMS = r"""
top = 1 # a comment = 2
"quoted key" = "a # no comment, [no] {list}"
dotted.keys.here = true
[table]
list = [ 1, 2, # two
  3, ]
empty = []
tables = [ { a = 1, b = [ 4, 5 ] }, { a = 0x2_0, c.d = '}' } ]
text = '''
[not.a.header]
x = 1
'''
more = "\" = 7"
[[many]]
id = 0x82000002
[[many]]
id = -3
sub = { }
[many.below]
deep = 1.5
"""


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[-1][step] if isinstance(document, list) and isinstance(step, str) else document[step]
    return document


def leaves(document: Any) -> int:
    if isinstance(document, dict):
        return sum(map(leaves, document.values()))
    return sum(map(leaves, document)) if isinstance(document, list) else 1


def agree(text: str) -> None:
    document, found = tomllib.loads(text), list(toml_values(Source("t.toml", text)))
    for each in found:
        assert each.span.text == each.text
        assert tomllib.loads(f"x = {each.text}")["x"] == at(document, each.path), each.path
    assert len(found) == leaves(document)


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.toml")), ids=lambda path: path.name)
def test_the_values_of_the_examples(path: Path) -> None:
    agree(path.read_text())


def test_every_form() -> None:
    agree(FORMS)


PIECES = st.sampled_from(
    ["[", "]", "{", "}", "=", ",", "\n", "#", '"', "'", "a", "1", "x.y", " ", '"""', "'''", "[[t]]\n"]
)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    for each in toml_values(Source("t.toml", text)):
        assert each.text == text[each.span.start : each.span.end]


def test_deep_nesting_ends() -> None:
    text = "a = " + "[" * 100_000
    assert list(toml_values(Source("t.toml", text))) == []
