"""Tables for people: each column as wide as its longest text."""

from __future__ import annotations

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a heading and rows of as many texts as a table, its columns two spaces apart."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    lines = [
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (heading, *rows)
    ]
    return "".join(f"{line}\n" for line in lines)
