"""Findings as one JSON document, for scripts and editors."""

from __future__ import annotations

import json
from collections.abc import Sequence

from xenscmi.diagnostics import Diagnostic, Edit, Fix, Severity
from xenscmi.source import Span


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `{"diagnostics": […], "summary": {…}}`; file, line and column are null if the place is unknown."""
    document = {"diagnostics": [finding(each) for each in diagnostics], "summary": summary(diagnostics)}
    return to_text(document)


def to_text(document: object) -> str:
    """Return a value as JSON for people and programs: indented, ended by a newline, and not in escapes."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def summary(diagnostics: Sequence[Diagnostic]) -> dict[str, int]:
    """Return how many findings there are of each severity, and in how many files."""
    found = {f"{severity.value}s": sum(each.severity is severity for each in diagnostics) for severity in Severity}
    return {**found, "files": len({each.span.source.name for each in diagnostics if each.span})}


def finding(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a finding with its places as a value for JSON."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "related": [{**_place(each.span), "message": each.label} for each in diagnostic.related],
        "help": diagnostic.help,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {"title": fix.title, "safety": fix.safety.value, "edits": [_edit(each) for each in fix.edits]}


def _edit(edit: Edit) -> dict[str, object]:
    """Return an edit, whose end is exclusive: an empty stretch is where its text is inserted."""
    (line, column), (end_line, end_column) = map(edit.span.source.position, (edit.span.start, edit.span.end))
    place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return {"file": edit.span.source.name, **place, "text": edit.text}


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"file": None, "line": None, "column": None}
    if not span.source.text:
        return {"file": span.source.name, "line": None, "column": None}
    line, column = span.source.position(span.start)
    return {"file": span.source.name, "line": max(line, 1), "column": column}
