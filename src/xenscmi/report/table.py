"""Tables for people: columns as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a heading and rows of as many texts each, in columns two blanks apart."""
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    lines = [
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (heading, *rows)
    ]
    return "".join(f"{line}\n" for line in lines)
