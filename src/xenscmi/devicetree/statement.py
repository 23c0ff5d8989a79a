"""Which bytes of a property's value each token of its statement made: `reg = <0x0 &page>;` has two, at bytes 0 and 4.

This only finds places; values come from dtc. What a token makes is not always plain to see (a macro may be any number
of cells, `/incbin/` any number of bytes), so the result counts only where it adds up to the value's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/|//[^\n]*)
    | (?P<label>[A-Za-z_]\w*:)
    | (?P<string>"(?:\\.|[^"\\])*")
    | (?P<bits>/bits/\s*(?P<width>8|16|32|64)\b)
    | (?P<value>'(?:\\.|[^'\\])+' | &\w+ | &\{[^}]*\} | \w+ (?P<call>\s*\()?)
    | (?P<sign>[<>\[\](),])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_PARENTHESIS = re.compile(r"""[()]|'(?:\\.|[^'\\])+'|/\*.*?\*/""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """The token at characters `start` to `end` of the statement made the value's bytes from `offset` on."""

    offset: int
    start: int
    end: int


def pieces(statement: str, length: int) -> tuple[Piece, ...]:
    """Return the pieces of `name = …;` that made a value of `length` bytes; none where that cannot be told."""
    at = statement.find("=") + 1
    end = len(statement) - 1
    if not at or not statement.endswith(";"):
        return ()
    found: list[Piece] = []
    offset, width, bracket = 0, 4, ""
    while at < end:
        match = _TOKEN.match(statement, at, end)
        if match is None:
            return ()
        start, at, size = at, match.end(), 0
        kind, text = match.lastgroup, match[0]
        if kind == "string":
            size = len(_ESCAPE.sub(".", text).encode()) - 1
        elif kind == "bits":
            width = int(match["width"]) // 8
        elif kind == "value":
            if match["call"] or not bracket:
                return ()
            size = width if bracket == "<" else len(text) // 2
        elif text == "(" and bracket:
            size, at = width, _closing(statement, start)
        elif kind == "sign":
            bracket = text if text in "<[" else ""
            width = width if bracket else 4
        if size:
            found.append(Piece(offset, start, at))
            offset += size
    return tuple(found) if offset == length else ()


def _closing(text: str, opening: int) -> int:
    """Return where the parenthesis that opens at `opening` has closed; the end of the text where it never does."""
    depth = 0
    for match in _PARENTHESIS.finditer(text, opening):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(text)
