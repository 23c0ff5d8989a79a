"""Statement pieces: which token made which bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenscmi.devicetree import parse_dts
from xenscmi.devicetree.statement import pieces

STATEMENTS = [
    ("a;", []),
    ("a = <>;", []),
    ("a = <1 0x2>, <&x>;", [(0, "1"), (4, "0x2"), (8, "&x")]),
    ("a = <&{/soc/x@1} 'c' (1 + (2 << 3))>;", [(0, "&{/soc/x@1}"), (4, "'c'"), (8, "(1 + (2 << 3))")]),
    ("a = <(1)(')')>;", [(0, "(1)"), (4, "(')')")]),
    ("a = < /* <9> */ 1 // 2 >\n 3>;", [(0, "1"), (4, "3")]),
    ("a = l: <m: 1 n: 2> o:;", [(0, "1"), (4, "2")]),
    ('a = "x;=", "\\x41\\"\\101\\n", "é";', [(0, '"x;="'), (4, '"\\x41\\"\\101\\n"'), (9, '"é"')]),
    ("a = [01 02ab], /bits/ 16 <1>, <2>;", [(0, "01"), (1, "02ab"), (3, "1"), (5, "2")]),
    ("a = /bits/ 64 <1>, /bits/ 8 <2 3>;", [(0, "1"), (8, "2"), (9, "3")]),
]


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS)
def test_each_token_made_its_bytes(statement: str, expected: list[tuple[int, str]], tmp_path: Path) -> None:
    text = f"/dts-v1/;\n/ {{ {statement} soc {{ x: x@1 {{ }}; }}; }};"
    prop = parse_dts(text.encode(), name="t.dts", directory=tmp_path).root.get("a")
    assert prop is not None
    found = pieces(statement, len(prop.value))
    assert [(piece.offset, statement[piece.start : piece.end]) for piece in found] == expected
    for offset, token in expected:
        assert prop.place(offset).text == token


@pytest.mark.parametrize(
    ("statement", "length"),
    [
        ("a = <TWO_CELLS 1>;", 12),
        ("a = MACRO(1);", 8),
        ("a = <CELL(1) 2>;", 8),
        ("a = &label;", 4),
        ('a = /incbin/("x"), <1>;', 8),
        ('a = "never closed;', 8),
        ("not a statement", 4),
    ],
)
def test_what_cannot_be_told_has_no_pieces(statement: str, length: int) -> None:
    assert pieces(statement, length) == ()


def test_a_macro_that_is_one_cell_has_its_place() -> None:
    assert [piece.offset for piece in pieces("a = <GIC_SPI 1>;", 8)] == [0, 4]
