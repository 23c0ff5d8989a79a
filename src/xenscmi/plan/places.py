"""Where the keys of a TOML text stand: `$.domain[0].devices[1]` → a span.

A scanner of its own rather than a parser: what it reads has been parsed already, so that it may trust the syntax.
"""

from __future__ import annotations

import re

from xenscmi.source import Source, Span

_TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<string>\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<sign>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_LAST_STEP = re.compile(r"(?:\.[^.\[\]]+|\[[^\]]*\]|\$)$")


class PlanPlaces:
    """The places of the keys and items of a TOML text, by msgspec's paths."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: dict[str, Span] = {}
        self._tables: dict[str, int] = {}
        self._tokens = [match for match in _TOKEN.finditer(source.text) if match.lastgroup != "skip"]
        self._at = 0
        self._scan()

    def at(self, path: str) -> Span:
        """Return where a key or item stands; of one that is not written, the nearest around it."""
        path = path.removeprefix("key in ")
        while path not in self._found:
            shorter = _LAST_STEP.sub("", path)
            if shorter == path:
                return Span(self.source, 0, 0)
            path = shorter
        return self._found[path]

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][0] if at < len(self._tokens) else ""

    def _scan(self) -> None:
        table = "$"
        while self._at < len(self._tokens):
            if self._peek() == "\n":
                self._at += 1
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> str:
        many = self._peek(1) == "["
        self._at += 2 if many else 1
        keys, start, end = self._keys("]")
        self._at += 2 if many else 1
        # `[domain.x]` after `[[domain]]` belongs to its last item.
        path = "$"
        for index, key in enumerate(keys):
            path = f"{path}.{key}"
            last = index == len(keys) - 1
            if last and many:
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = f"{path}[{self._tables[path]}]"
        self._found.setdefault(path, Span(self.source, start, end))
        return path

    def _keys(self, stop: str) -> tuple[list[str], int, int]:
        keys, start, end = [], -1, -1
        while self._at < len(self._tokens) and self._peek() not in (stop, "\n"):
            match = self._tokens[self._at]
            self._at += 1
            if match[0] != ".":
                keys.append(match[0].strip("\"'") if match.lastgroup == "string" else match[0])
                start, end = (match.start() if start < 0 else start), match.end()
        return keys, start, end

    def _pair(self, table: str) -> None:
        keys, start, end = self._keys("=")
        self._at += 1
        path = ".".join([table, *keys])
        self._found.setdefault(path, Span(self.source, start, end))
        self._value(path)

    def _value(self, path: str) -> None:
        """Pass a value, noting the places of what is in it; nesting is as deep as TOML's parser allowed."""
        opening = self._peek()
        if opening not in ("[", "{"):
            while self._at < len(self._tokens) and self._peek() not in (",", "]", "}", "\n"):
                self._at += 1
            return
        self._at += 1
        index = 0
        closing = "]" if opening == "[" else "}"
        while self._at < len(self._tokens) and self._peek() != closing:
            if self._peek() in (",", "\n"):
                self._at += 1
            elif opening == "{":
                self._pair(path)
            else:
                match = self._tokens[self._at]
                self._found.setdefault(f"{path}[{index}]", Span(self.source, match.start(), match.end()))
                self._value(f"{path}[{index}]")
                index += 1
        self._at += 1
