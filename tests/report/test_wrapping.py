"""Folding text and tables: every word stays whole, and nothing is wider than it must be."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from xenscmi.report.table import aligned, table
from xenscmi.report.wrapping import fold, fold_all

WORDS = st.text("abcdefgh", min_size=1, max_size=12)
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
WIDTHS = st.integers(4, 60)


@given(LINES, WIDTHS, st.integers(0, 3), st.integers(0, 3))
def test_a_folded_line_has_its_words_in_order(line: str, width: int, indent: int, more: int) -> None:
    lines = fold(" " * indent + line, width, " " * more)
    assert " ".join(lines).split() == line.split()
    assert lines[0].startswith(" " * indent)
    for each in lines:
        assert len(each) <= width or len(each.split()) == 1  # a word that is longer than a line has one for itself
    assert fold(line, None) == [line]


@given(LINES, WIDTHS)
def test_lines_are_as_full_as_they_can_be(line: str, width: int) -> None:
    lines = fold(line, width)
    for first, second in pairwise(lines):
        assert len(first) + 1 + len(second.split()[0]) > width


def test_spaces_inside_a_line_stay_where_it_is_not_folded() -> None:
    assert fold("a  b", 10) == ["a  b"]
    assert fold_all("  one two\nthree", 6) == "  one\n      two\nthree"


ROWS = st.integers(1, 5).flatmap(
    lambda columns: st.lists(st.lists(LINES, min_size=columns, max_size=columns), min_size=1, max_size=5)
)


@given(ROWS, WIDTHS)
def test_a_table_fits_where_its_words_allow_that(rows: list[list[str]], width: int) -> None:
    heading = [f"H{number}" for number in range(len(rows[0]))]
    text = table(heading, rows, width)
    words = sorted(word for row in rows for cell in row for word in cell.split())
    assert sorted(word for word in text.split() if not word.startswith("H")) == words
    columns = [*zip(heading, *rows, strict=True)]
    least = sum(max(len(word) for cell in column for word in cell.split()) for column in columns)
    if least + 2 * (len(heading) - 1) <= width:
        assert max(map(len, text.splitlines())) <= width
        assert text.splitlines()[0].split() == heading
    wide = table(heading, rows)
    assert len(wide.splitlines()) == 1 + len(rows)
    if max(map(len, wide.splitlines())) <= width:
        assert text == wide


def test_too_narrow_for_columns() -> None:
    assert table(("ID", "NAME"), [("1", "a-long-name"), ("2", "b c")], 12) == (
        "ID    1\nNAME\n    a-long-name\n\nID    2\nNAME  b c\n"
    )
    assert aligned([("XS001", "a name", "what it finds")], 8) == "XS001\na name\nwhat it\n    finds\n"


def test_a_cell_with_several_lines() -> None:
    assert table(("A", "B"), [("1", "x\ny"), ("2", "z")]) == "A  B\n1  x\n   y\n2  z\n"
