"""Comments by which an author silences a rule: `# xenscmi: ignore[XS004]`, `/* xenscmi: ignore[shared-page] */`.

A comment next to other text applies to its line, a comment alone on a line to the next line with text; `ignore-file`
applies to the whole file. Rules are named by code or name, separated by commas.
"""

from __future__ import annotations

import re

from xenscmi.record import Record
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xenscmi.diagnostics import Diagnostic

_COMMENT = re.compile(
    r"(?P<before>[^\n]*?)(?:#|//|/\*)[ \t]*xenscmi:[ \t]*ignore(?P<file>-file)?\[(?P<rules>[^\]\n]*)\]"
)
_WORD = re.compile(r"[^\s,]+")


class Suppression(Record):
    """A rule that a comment silences: on one line, or in the whole file if `line` is None."""

    rule: str
    span: Span
    line: int | None

    def silences(self, diagnostic: Diagnostic) -> bool:
        span = diagnostic.span
        return (
            span is not None
            and span.source.name == self.span.source.name
            and self.rule in (diagnostic.code, diagnostic.name)
            and self.line in (None, span.line)
        )


def suppressions(sources: Iterable[Source]) -> Iterator[Suppression]:
    """Yield what the comments of the sources silence."""
    for source in sources:
        for match in _COMMENT.finditer(source.text) if "xenscmi:" in source.text else ():
            line = source.position(match.start("rules"))[0]
            if not match["before"].strip():
                line = _next_line(source, line)
            for word in _WORD.finditer(source.text, match.start("rules"), match.end("rules")):
                yield Suppression(
                    rule=word[0],
                    span=Span(source, word.start(), word.end()),
                    line=None if match["file"] else line,
                )


def _next_line(source: Source, line: int) -> int:
    """Return the next line with text, or the line itself if there is none."""
    return next((n for n in range(line + 1, len(source.starts) + 1) if source.line(n).strip()), line)
