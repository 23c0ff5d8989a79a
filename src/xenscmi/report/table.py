"""Tables for people: each column as wide as its longest text, or folded so that the table fits a width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from xenscmi.report.text import visible_lines
from xenscmi.report.wrapping import fold

_GAP = "  "


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return a heading and rows of as many texts as a table, its columns two spaces apart.

    A text may have several lines; characters with which it could control a terminal are shown as escapes. In a table
    that is wider than `width`, columns are folded at spaces; if their words alone are too wide, each row is a block
    with a line for each column.
    """
    rows = [[visible_lines(text) for text in row] for row in rows]
    return _in_columns([heading, *rows], width) or _in_blocks(heading, rows, width)


def aligned(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return rows as a table without a heading; what does not fit beside the rest of its row goes below it."""
    return _in_columns(rows, width) or "".join(
        f"{line}\n" for row in rows for text in row for line in fold(text, width, "    ")
    )


def _in_columns(rows: Sequence[Sequence[str]], width: int | None) -> str | None:
    """Return rows in columns; None where they cannot be made to fit."""
    columns = [*zip(*rows, strict=True)]
    widths = [max(len(line) for text in column for line in text.split("\n")) for column in columns]
    if width is not None and not _shrink(widths, columns, width - len(_GAP) * (len(columns) - 1)):
        return None
    return "".join(f"{line}\n" for row in rows for line in _lines(row, widths))


def _shrink(widths: list[int], columns: Sequence[Sequence[str]], room: int) -> bool:
    """Narrow the widest columns until all fit into the room; return whether their words allow that."""
    least = [max(len(word) for text in column for word in text.split()) if any(column) else 0 for column in columns]
    if sum(least) > room:
        return False
    while (excess := sum(widths) - room) > 0:
        widest = max((n for n in range(len(widths)) if widths[n] > least[n]), key=lambda n: widths[n])
        others = [each for n, each in enumerate(widths) if n != widest and widths[n] > least[n]]
        step = max(excess // len(widths), 1)
        down_to = max(least[widest], min(max(others, default=0), widths[widest] - step))
        widths[widest] = max(down_to, widths[widest] - excess)
    return True


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the lines of a row, each text folded to its column's width."""
    cells = [
        [folded for line in text.split("\n") for folded in fold(line, width)]
        for text, width in zip(row, widths, strict=True)
    ]
    return [
        _GAP.join(f"{text:{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
        for texts in zip_longest(*cells, fillvalue="")
    ]


def _in_blocks(heading: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return each row as a block of lines, one for each column, with an empty line between blocks."""
    names = max(map(len, heading))
    blocks = []
    for row in rows:
        lines = []
        for name, text in zip(heading, row, strict=True):
            first, *others = text.split("\n")
            lines += fold(f"{name:{names}}{_GAP}{first}".rstrip(), width, "    ")
            lines += [folded for line in others for folded in fold(f"    {line}", width, "    ")]
        blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks)
