"""Where the keys of a TOML text stand, by msgspec's paths: `$.firmware.agents[0].id`.

A reader of TOML 1.0's structure that builds no values. It goes through the text once, whatever stands in it, and
refuses what would take a reader of values too far: deep nesting, long keys, long numbers. At a syntax error it stops,
since that reader has the words for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.source import Source, Span

LARGEST = 1 << 20
"""Characters that a text may have."""

MAX_DEPTH = 16
"""Arrays and inline tables that may nest, and parts that a key may have."""

MAX_NUMBER = 80
"""Characters of a number or date: 64 bits in binary, with a sign, a prefix and underscores."""

KEY_IN = "key in "
"""How msgspec's path begins for a key that is wrong itself, without its backticks."""

_LONGEST_PATH = 1024
_QUOTES = ("'", '"')

_BLANK = re.compile(r"(?:[ \t\r]++|#[^\n]*+)*+")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_KEY = re.compile(r"""[^\s\[\]{}=,.#"']++|"(?!"")(?:[^"\\\n]|\\.)*+"|'(?!'')[^'\n]*+\'""")
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\Z)|\'\'\'(?:[^']|'(?!\'\'))*+(?:'{3,5}|\Z)'''
    r"""|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+\'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^\s,\[\]{}#\"'=]++(?: \d[\d:.]*+(?:Z|[+-]\d\d:\d\d)?)?")  # a date may have a blank


class TomlPlaces:
    """The places of the keys, and of the items of arrays, in a TOML text. Raises XenscmiError for one out of bounds."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: dict[str, Span] = {}
        if len(source.text) > LARGEST:
            raise self.error(0, 0, f"it has {len(source.text)} characters, and may have {LARGEST}")
        for path, start, end in _Reader(self, source.text).read():
            self._found.setdefault(path, Span(source, start, end))

    def at(self, path: str) -> Span:
        """Return the place of a key, or of the nearest table or list around it where the text does not have the key."""
        path = path.removeprefix(KEY_IN)[:_LONGEST_PATH]
        while path and path not in self._found:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._found.get(path) or Span(self.source, 0, 0)

    def named(self, name: str) -> list[str]:
        """Return the paths of all keys of this name."""
        return [path for path in self._found if path.endswith(f".{name}")]

    def error(self, start: int, end: int, reason: str) -> XenscmiError:
        """Return the error that what stands from `start` to `end` is out of bounds."""
        return XenscmiError(Diagnostic(message=reason, span=Span(self.source, start, end)))


class _Syntax(Exception):
    """The text is not TOML from here on."""


class _Reader:
    """Reads the structure; yields path, start and end of each key and each item."""

    def __init__(self, places: TomlPlaces, text: str) -> None:
        self._places = places
        self._text = text
        self._at = 0
        self._counts: dict[str, int] = {}  # of the last table of an array of tables, by its path
        self._table = "$"

    def read(self) -> Iterator[tuple[str, int, int]]:
        try:
            while self._skip(_BLANK_LINES) < len(self._text):
                yield from self._header() if self._take("[") else self._pair(self._table)
                if self._skip(_BLANK) < len(self._text) and not self._take("\n"):
                    return
        except _Syntax:
            return

    def _header(self) -> Iterator[tuple[str, int, int]]:
        array = self._take("[")
        path, start, end = self._key("$")
        if array:
            self._counts[path] = self._counts.get(path, -1) + 1
        self._table = self._last(path)
        if not self._take("]]" if array else "]"):
            raise _Syntax
        yield self._table, start, end

    def _pair(self, table: str) -> Iterator[tuple[str, int, int]]:
        """Read a key and its value; what nests in the value is kept on a stack: (path, the array's next index)."""
        stack: list[tuple[str, int | None]] = []
        yield (place := self._assigned(table))
        path = place[0]
        while True:
            opened = self._take("[") or self._take("{")
            if opened:
                stack.append((path, 0 if opened == "[" else None))
                if len(stack) > MAX_DEPTH:
                    raise self._places.error(self._at - 1, self._at, f"values nest deeper than {MAX_DEPTH} levels")
            else:
                self._value()
            # Where a value ends, others may end with it; then the next one begins.
            separated = bool(opened)
            while stack:
                self._skip(_BLANK_LINES)
                separated = bool(self._take(",")) or separated
                self._skip(_BLANK_LINES)
                outer, index = stack[-1]
                if not self._take("}" if index is None else "]"):
                    break
                stack.pop()
                separated = False
            if not stack:
                return
            if not separated:
                raise _Syntax
            if index is None:
                yield (place := self._assigned(outer))
                path = place[0]
            else:
                path = f"{outer}[{index}]"
                stack[-1] = outer, index + 1
                whole = _STRING.match(self._text, self._at) or _PLAIN.match(self._text, self._at)
                yield path, self._at, whole.end() if whole else self._at + 1

    def _assigned(self, table: str) -> tuple[str, int, int]:
        place = self._key(table)
        if not self._take("="):
            raise _Syntax
        self._skip(_BLANK)
        return place

    def _key(self, path: str) -> tuple[str, int, int]:
        """Read a key, dotted or not; return its path and its place."""
        self._skip(_BLANK)
        start, parts = self._at, 0
        while True:
            self._skip(_BLANK)
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise _Syntax
            path = f"{self._last(path)}.{match[0].strip(match[0][0]) if match[0][0] in _QUOTES else match[0]}"
            self._at = match.end()
            self._skip(_BLANK)
            if not self._take("."):
                return path, start, match.end()
            parts += 1
            if parts == MAX_DEPTH:
                raise self._places.error(match.start(), match.end(), f"the key has more than {MAX_DEPTH} parts")

    def _last(self, path: str) -> str:
        """Return a path, or that of the last table where it names an array of tables."""
        return f"{path}[{self._counts[path]}]" if path in self._counts else path

    def _value(self) -> None:
        """Read a value in which nothing nests."""
        match = _STRING.match(self._text, self._at)
        if match is None:
            match = _PLAIN.match(self._text, self._at)
            if match is None:
                raise _Syntax
            if len(match[0]) > MAX_NUMBER:
                reason = f"a number of {len(match[0])} characters is out of every range"
                raise self._places.error(match.start(), match.end(), reason)
        self._at = match.end()

    def _take(self, text: str) -> str:
        if not self._text.startswith(text, self._at):
            return ""
        self._at += len(text)
        return text

    def _skip(self, blank: re.Pattern[str]) -> int:
        match = blank.match(self._text, self._at)
        if match:
            self._at = match.end()
        return self._at
