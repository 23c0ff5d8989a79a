"""The tokens of an xl.cfg file, as libxlu's scanner cuts them (tools/libs/util/libxlu_cfg_l.l).

A lexical error does not end the scan: libxlu reports it and continues after the bad piece, so one run shows several.
"""

from __future__ import annotations

import re

from xenscmi.diagnostics import Diagnostic
from xenscmi.source import Span
from xenscmi.xlcfg import advice
from xenscmi.xlcfg.numbers import strtoul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from xenscmi.source import Source

IDENT, NUMBER, STRING, NEWLINE, END = "IDENT", "NUMBER", "STRING", "NEWLINE", "$end"

# Punctuation tokens are named as in bison's messages. The quantifiers in strings are possessive because others store a
# position to backtrack to for every character.
_TOKEN = re.compile(
    r"""
    [ \t]+
  | (?P<IDENT>[a-z][._0-9a-z]*)
  | (?P<NUMBER>[0-9][0-9a-fx]*)
  | (?P<STRING>'(?:[^'\\\n]++|\\.)*+'|"(?:[^"\\\n]++|\\.)*+")
  | (?P<NEWLINE>\n|\#[^\n]*\n)
  | (?P<ADD>\+=)
  | (?P<PUNCTUATION>[=,;\[\]])
    """,
    re.VERBOSE,
)
# libxlu skips one bad byte, then either one blank, the newline, or everything up to a blank or newline. A character
# past ASCII has several bytes, except U+DC80 to U+DCFF, which stand for bytes that are not UTF-8. The pattern is only
# compiled when it is needed: its large class takes ten times as long to compile as all of the above.
_BAD = r"[\x80-\udc7f\udd00-\U0010ffff][^ \t\n]*|[^\n](?:[ \t]|\n|[^ \t\n]+)"
_LONGEST_PIECE = 120  # characters of a bad piece that are shown
_LOOKS_LIKE_PYTHON = frozenset("+-.():")

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "'": "'", "\\": "\\"}


class Token:
    """A token: its kind (IDENT, NUMBER, STRING, NEWLINE, $end, or the punctuation itself), place and text."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, start: int, end: int, text: str) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text


class Scanner:
    """Cuts a source into tokens and collects the errors.

    `error_line` is the line of the last lexical error; libxlu does not report grammar errors up to that line.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.error_line = 0
        self.likely_python: Span | None = None  # the first piece that looks like Python

    def tokens(self) -> Iterator[Token]:
        text, at, end = self.source.text, 0, len(self.source.text)
        match, size = _TOKEN.match, len(text)
        while at < size:
            found = match(text, at)
            if found is None:
                end, at = at, (yield from self._bad(at))
                continue
            kind, start, at = found.lastgroup, at, found.end()
            if kind is None:
                continue
            piece = found.group()
            if kind == "STRING":
                piece = self._dequote(start, piece)
            elif kind == "PUNCTUATION":
                kind = f"'{piece}'"
            elif kind == "ADD":
                kind = "+="
            yield Token(kind, start, at, piece)
        # A single bad character at the very end is not an error, but libxlu names it in a grammar error there.
        yield Token(END, end if end == size - 1 else size, size, "")

    def _bad(self, at: int) -> Generator[Token, None, int]:
        """Skip what is not a token, and return where to continue."""
        text = self.source.text
        found = re.compile(_BAD).match(text, at)
        if text[at] in _LOOKS_LIKE_PYTHON and self.likely_python is None:
            self.likely_python = Span(self.source, at, at + 1)
        if found is None:
            return len(text)  # one last byte: libxlu's scanner meets the end first and does not report it
        end = found.end()
        self.error("lexical error", at, end, advice.for_piece(text, at, end))
        if text[end - 1] == "\n":
            yield Token(NEWLINE, end - 1, end, "\n")
        return end

    def error(self, message: str, start: int, end: int, advice_text: str) -> None:
        """Report a lexical error at `start`, unless the line already has one."""
        piece = self.source.text[start:end]
        counted = self.source.position(start)[0] + piece.endswith("\n")  # libxlu has counted the newline already
        if counted <= self.error_line:
            return
        self.error_line = counted
        piece = piece.rstrip(" \t\n")
        if len(piece) > _LONGEST_PIECE:  # xl prints it all; of a binary file that is the whole screen
            piece = piece[:_LONGEST_PIECE] + "…"
        self.diagnostics.append(
            Diagnostic(
                message=f"config parsing error near `{piece}': {message}",
                span=Span(self.source, start, start + max(len(piece), 1)),
                help=advice_text,
            )
        )

    def _dequote(self, start: int, quoted: str) -> str:
        if "\\" not in quoted and "\0" not in quoted:
            return quoted[1:-1]
        if self.diagnostics:
            return ""  # after an error, libxlu does not look into strings
        if "\0" in quoted:
            self.error("NUL byte in quoted string", start, start + len(quoted), advice.NUL)
            return ""
        parts: list[str] = []
        at, end = 1, len(quoted) - 1
        while at < end:
            if quoted[at] != "\\":
                stop = quoted.find("\\", at, end)
                stop = end if stop < 0 else stop
                parts.append(quoted[at:stop])
                at = stop
                continue
            escape = quoted[at + 1]
            at += 2
            if escape in _ESCAPES:
                parts.append(_ESCAPES[escape])
            elif "0" <= escape <= "7":
                # libxlu reads up to three digits *after* this one, in base 10, requires two, and drops the value.
                _, read, _ = strtoul(quoted[at : at + 3], 10)
                if read < 2:
                    self._bad_escape("octal", start, quoted, advice.OCTAL_ESCAPE)
                    break
                at += read
            elif escape == "x":
                self._bad_escape("hex", start, quoted, advice.HEX_ESCAPE)
                break
            else:
                message = "invalid character after backlash in quoted string"
                self.error(message, start, start + len(quoted), advice.ESCAPE)
                break
        return "".join(parts)

    def _bad_escape(self, base: str, start: int, quoted: str, advice_text: str) -> None:
        message = f"invalid digit after backslash {base}numerical character escape in quoted string"
        self.error(message, start, start + len(quoted), advice_text)
