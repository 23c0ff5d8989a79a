"""Lines of a source, for edits that add or remove whole ones."""

from __future__ import annotations

import re

from xenscmi.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.source import Source

BEHIND_SETTING = re.compile(r"[ \t]*;?[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
"""What may follow a setting of an xl.cfg, or of a TOML, on a line that has no other. To xl, a CR is a comment's."""
BEHIND_PROPERTY = re.compile(r"[ \t]*(?:/\*(?:(?!\*/)[^\n])*\*/[ \t]*|//[^\r\n]*)?(?=\r?\n|\Z)")
"""What may follow a property of a DTS on a line that has no other."""


def end_of_line(source: Source, at: int, behind: re.Pattern[str]) -> int | None:
    """Return where the line of `at` ends, its newline not included; None where something else than `behind` follows."""
    match = behind.match(source.text, at)
    return match.end() if match else None


def newline_of(source: Source, at: int) -> str:
    """Return how the line of `at` ends; a last line without a newline ends as the first one does."""
    text = source.text
    end = text.find("\n", at)
    if end < 0:
        end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def is_plain(text: str) -> bool:
    """Return whether a text means itself between quotes, in an xl.cfg and in a DTS: it may be from a blob."""
    return text.isprintable() and text.isascii() and not set(text) & set("'\"\\")


def indent_of(source: Source, at: int) -> str:
    """Return the blanks at the start of the line of `at`."""
    start = source.text.rfind("\n", 0, at) + 1
    line = source.text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def whole_line(span: Span, behind: re.Pattern[str]) -> Span:
    """Return the lines of a place where nothing else stands on them, or else the place with one blank before it."""
    text, start = span.source.text, span.source.text.rfind("\n", 0, span.start) + 1
    end = end_of_line(span.source, span.end, behind)
    if not text[start : span.start].strip() and end is not None:
        after = text.find("\n", end) + 1
        return Span(span.source, start, after or len(text))
    blank = text[span.start - 1 : span.start] in (" ", "\t")
    return Span(span.source, span.start - blank, span.end)
