"""The places of the values in a TOML text: the manifest's reader gives values, an editor needs where each stands.

The text is one that the manifest's reader accepts, or will once it is typed to its end: what this scanner does not
understand, it passes over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.source import Source, Span

Keys = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""#[^\n]*|(?P<string>\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
    r"""|(?P<sign>[\[\]{},=\n])|(?P<atom>[^\s\[\]{},=#"']+)""",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*([\w.\"'-]+)[ \t]*\]\]?[ \t]*(?:#.*)?$", re.MULTILINE)
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class TomlValue:
    """A string, number or boolean: the keys and positions that lead to it, its text, quotes included, and its place."""

    path: Keys
    text: str
    span: Span


def toml_values(source: Source) -> Iterator[TomlValue]:
    """Yield the values of a text in their order."""
    counts: dict[str, int] = {}
    table: Keys = ()
    text, at = source.text, 0
    headers = [*_HEADER.finditer(text), None]
    inside = _Scanner(source)
    for header in headers:
        end = header.start() if header else len(text)
        if end < at:
            continue  # a line of a value that looks like a header
        at = inside.statements(table, at, end)
        if header is None or header.start() < at:
            continue
        keys: Keys = _keys(header[2])
        if header[1] == "[[":
            counts[header[2]] = counts.get(header[2], -1) + 1
            keys = (*keys, counts[header[2]])
        table, at = keys, header.end()
    yield from inside.found


class _Scanner:
    """Reads statements `key = value`; `found` has the values so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[TomlValue] = []

    def statements(self, table: Keys, start: int, end: int) -> int:
        """Read the statements of a table; return where the last one ends, which may be after `end`."""
        at, key = start, ""
        while (token := _TOKEN.search(self.source.text, at)) and token.start() < end:
            at = token.end()
            if token["atom"] or token["string"]:
                key += token[0]
            elif token["sign"] == "=":
                at = self._value((*table, *_keys(key)), at, 0)
                key = ""
            elif token["sign"]:
                key = ""
        return max(at, end)

    def _value(self, path: Keys, at: int, depth: int) -> int:
        """Read a value, and return where it ends."""
        token = self._next(at)
        if token is None or depth > _DEEPEST:
            return len(self.source.text)
        if token["sign"] == "[":
            return self._array(path, token.end(), depth)
        if token["sign"] == "{":
            return self._table(path, token.end(), depth)
        if token["sign"]:
            return token.start()
        span = Span(self.source, token.start(), token.end())
        self.found.append(TomlValue(path, token[0], span))
        return token.end()

    def _array(self, path: Keys, at: int, depth: int) -> int:
        number = 0
        while (token := self._next(at)) is not None and token["sign"] != "]":
            if token["sign"] in (",", "}", "="):
                at = token.end()
                continue
            at = self._value((*path, number), at, depth + 1)
            number += 1
        return token.end() if token else len(self.source.text)

    def _table(self, path: Keys, at: int, depth: int) -> int:
        key = ""
        while (token := self._next(at)) is not None and token["sign"] != "}":
            at = token.end()
            if token["sign"] == "=":
                at = self._value((*path, *_keys(key)), at, depth + 1)
                key = ""
            elif not token["sign"]:
                key += token[0]
        return token.end() if token else len(self.source.text)

    def _next(self, at: int) -> re.Match[str] | None:
        """Return the next token that is neither a comment nor the end of a line."""
        while (token := _TOKEN.search(self.source.text, at)) and (token[0][0] == "#" or token[0] == "\n"):
            at = token.end()
        return token


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))
