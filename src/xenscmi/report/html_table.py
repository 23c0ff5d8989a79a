"""Sections and tables of the HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xenscmi.report.html_findings import text


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its lines, whether they are names or numbers of the host, and what is wrong with them."""

    lines: str
    code: bool = False
    bad: str = ""


def section(anchor: str, title: str, body: str) -> str:
    """Return a section with a heading; `title` and `body` are HTML."""
    heading = f'<h2 id="{anchor}-title">{title}</h2>'
    return f'<section id="{anchor}" aria-labelledby="{anchor}-title">\n{heading}\n{body}</section>\n'


def table(heading: Sequence[str], rows: Iterable[Sequence[Cell]], *, label: str, anchor: str = "") -> str:
    """Return a table whose first column names its rows; with an anchor, row 3 is at `#anchor-3`."""
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heading)
    body = "".join(_row(cells, f' id="{anchor}-{number}"' if anchor else "") for number, cells in enumerate(rows))
    return scrolling(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n", label)


def scrolling(body: str, label: str) -> str:
    """Return what may be wider than the page, in a box that scrolls by keyboard, too."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{text(label)}">\n{body}</div>\n'


def _row(cells: Sequence[Cell], anchor: str) -> str:
    first, *rest = cells
    return (
        f'<tr{anchor}><th scope="row">{_cell(first)}</th>'
        + "".join(f"<td>{_cell(each)}</td>" for each in rest)
        + "</tr>\n"
    )


def _cell(cell: Cell) -> str:
    shown = "<br>".join(text(line) for line in cell.lines.split("\n"))
    if cell.code:
        shown = f"<code>{shown}</code>"
    return f'{shown} <b class="bad">{text(cell.bad)}</b>' if cell.bad else shown
