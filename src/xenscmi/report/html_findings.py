"""Findings as HTML: message, the lines around the place with the place marked, the other places, the fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from xenscmi.diagnostics import Diagnostic
from xenscmi.report.text import visible
from xenscmi.source import Span

_AROUND = 1
"""Lines that are shown before and after that of the place."""
_WIDTH = 160
_LONGEST = 1000
_MOST = 1000


def findings_list(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the first thousand findings as an ordered list."""
    shown = "".join(_finding(each) for each in diagnostics[:_MOST])
    more = f"<p>and {len(diagnostics) - _MOST} more</p>\n" if len(diagnostics) > _MOST else ""
    return f'<ol class="findings">\n{shown}</ol>\n{more}'


def text(value: str) -> str:
    """Return text that shows as one line of HTML, with control characters as escapes."""
    return escape(visible(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"))


def _finding(diagnostic: Diagnostic) -> str:
    kind = diagnostic.severity.value
    rule = f" <code>{text(diagnostic.code)}</code> {text(diagnostic.name)}" if diagnostic.code else ""
    parts = [
        f'<li class="{kind}"><p class="rule"><b>{kind}</b>{rule} <span>{_place(diagnostic.span)}</span></p>\n',
        f'<p class="message">{text(diagnostic.message)}</p>\n',
        _excerpt(diagnostic.span, diagnostic.label),
    ]
    for related in diagnostic.related:
        parts.append(f'<p class="note">{text(related.label)} <span>{_place(related.span)}</span></p>\n')
        parts.append(_excerpt(related.span, ""))
    if diagnostic.help:
        parts.append(f'<p class="fix"><b>fix</b> {text(diagnostic.help)}</p>\n')
    return "".join((*parts, "</li>\n"))


def _place(span: Span | None) -> str:
    if span is None:
        return ""
    name = text(span.source.name)
    if not span.source.text:
        return name
    line, column = span.source.position(span.start)
    return f"{name}:{line}:{column}"


def _excerpt(span: Span | None, label: str) -> str:
    if span is None or not span.source.text or span.start < 0:
        return ""
    said = f"  <i>{text(label)}</i>" if label else ""
    lines = "".join(_line(span, number, said) for number in _numbers(span))
    return f"<pre>{lines}</pre>\n"


def _numbers(span: Span) -> Iterator[int]:
    last = len(span.source.starts)
    return iter(range(max(span.line - _AROUND, 1), min(span.line + _AROUND, last) + 1))


def _line(span: Span, number: int, said: str) -> str:
    """Return a line with its number, the place marked in it; of a very long line, the part around the place."""
    source = span.source
    begin = source.starts[number - 1]
    end = source.starts[number] - 1 if number < len(source.starts) else len(source.text)
    here = number == span.line
    if end - begin > _WIDTH:
        begin = max(begin, span.start - _WIDTH // 2) if here else begin
        end = min(end, begin + _WIDTH)
    shown = escape(visible(source.text[begin:end]))
    if here:
        stop = min(max(span.end, span.start + 1), end)
        before, marked, after = source.text[begin : span.start], source.text[span.start : stop], source.text[stop:end]
        shown = f"{escape(visible(before))}<mark>{escape(visible(marked)) or ' '}</mark>{escape(visible(after))}{said}"
    return f"<span>{number}</span> {shown}\n"
