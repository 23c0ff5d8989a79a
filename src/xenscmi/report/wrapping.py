"""Breaks text for people at spaces, never inside a word: what has no space stays whole, however long it is."""

from __future__ import annotations


def fold(text: str, width: int | None, rest: str = "") -> list[str]:
    """Return one line as lines of at most `width` characters, as far as its words allow; whole where that is None.

    Lines after the first begin with `rest`. What the line is indented by stays.
    """
    if width is None or len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip(" "))]
    lines, line, start = [], indent, indent
    for word in text[len(indent) :].split(" "):
        if line == start:
            line += word
        elif len(line) + 1 + len(word) <= width:
            line += f" {word}"
        else:
            lines.append(line.rstrip())
            line = start = rest
            line += word
    return [*lines, line.rstrip()]


def fold_all(text: str, width: int | None, more: str = "    ") -> str:
    """Return a text with each of its lines folded; the rest of a line is indented by `more` than its beginning."""
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))]
        lines += fold(line, width, indent + more)
    return "\n".join(lines)
