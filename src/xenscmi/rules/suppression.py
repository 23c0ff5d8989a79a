"""Comments by which an author silences a rule: `# xenscmi: ignore[XS004]`, `/* xenscmi: ignore[shared-page] */`.

A comment next to other text applies to its line, a comment alone on a line to the next line with text; `ignore-file`
applies to the whole file. Rules are named by code or name, separated by commas.
"""

from __future__ import annotations

import re

from xenscmi.diagnostics import Edit
from xenscmi.record import Record
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xenscmi.diagnostics import Diagnostic

_COMMENT = re.compile(r"(?:#|//|/\*)[ \t]*+xenscmi:[ \t]*+ignore(?P<file>-file)?\[(?P<rules>[^\]\n]*+)\]")
_BEFORE, _BEHIND = re.compile(r"[ \t]*,[ \t]*$"), re.compile(r"[ \t]*,[ \t]*")
_CLOSED, _LINE_END = re.compile(r"[ \t]*\*/"), re.compile(r"[ \t]*(?=\r?\n|\Z)")
_WORD = re.compile(r"[^\s,]+")


class Suppression(Record):
    """A rule that a comment silences: on one line, or in the whole file if `line` is None. `start` is the comment's."""

    rule: str
    span: Span
    line: int | None
    start: int


class Suppressions:
    """What the comments of sources silence; it remembers which of them a finding needed."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_place: dict[tuple[str, str, int | None], list[Suppression]] = {}
        for each in suppressions(sources):
            self._by_place.setdefault((each.span.source.name, each.rule, each.line), []).append(each)
        self._needed: set[tuple[str, str, int | None]] = set()

    def silence(self, diagnostic: Diagnostic) -> bool:
        """Return whether a comment silences a finding."""
        span = diagnostic.span
        if span is None or not self._by_place:
            return False
        places = [
            (span.source.name, rule, line)
            for rule in (diagnostic.code, diagnostic.name)
            for line in (None, span.line)
            if (span.source.name, rule, line) in self._by_place
        ]
        self._needed.update(places)
        return bool(places)

    def unused(self) -> list[Suppression]:
        """Return the comments that silenced nothing."""
        return [each for place, found in self._by_place.items() if place not in self._needed for each in found]


def suppressions(sources: Iterable[Source]) -> Iterator[Suppression]:
    """Yield what the comments of the sources silence."""
    for source in sources:
        alone_on, silenced = 0, 0  # the line that was looked at last, and the one that comments alone on it silence
        for match in _COMMENT.finditer(source.text) if "xenscmi:" in source.text else ():
            line = source.position(match.start())[0]
            start = source.starts[line - 1]
            if line != alone_on:
                alone_on = line
                alone = not source.text[start : match.start()].strip()
                silenced = _next_line(source, line) if alone else line
            for word in _WORD.finditer(source.text, match.start("rules"), match.end("rules")):
                yield Suppression(
                    rule=word[0],
                    span=Span(source, word.start(), word.end()),
                    line=None if match["file"] else silenced,
                    start=match.start(),
                )


def removal(suppression: Suppression) -> Edit | None:
    """Return the edit that removes a rule from its comment, or the comment if it names no other and says no more."""
    span, text = suppression.span, suppression.span.source.text
    comment = _COMMENT.match(text, suppression.start)
    if comment is None:
        return None
    if comment["rules"].strip() != suppression.rule:
        before = _BEFORE.search(text, comment.start("rules"), span.start)
        behind = _BEHIND.match(text, span.end)
        begin, end = (before.start(), span.end) if before else (span.start, behind.end() if behind else span.end)
        return Edit(span=Span(span.source, begin, end), text="")
    closed = _CLOSED.match(text, comment.end()) if comment[0].startswith("/*") else _LINE_END.match(text, comment.end())
    if closed is None:
        return None
    return Edit(span=_whole(Span(span.source, comment.start(), closed.end())), text="")


def _whole(comment: Span) -> Span:
    """Return a comment with the line that it has for itself, or else with the blanks before it."""
    text = comment.source.text
    start, after = text.rfind("\n", 0, comment.start) + 1, _LINE_END.match(text, comment.end)
    before = text[start : comment.start]
    if after and not before.strip():
        newline = text.find("\n", comment.end)
        return Span(comment.source, start, newline + 1 if newline >= 0 else len(text))
    return Span(comment.source, start + len(before.rstrip(" \t")), comment.end)


def _next_line(source: Source, line: int) -> int:
    """Return the next line with text, or the line itself if there is none."""
    return next((n for n in range(line + 1, len(source.starts) + 1) if source.line(n).strip()), line)
