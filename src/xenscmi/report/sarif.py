"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show next to the source."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from xenscmi.diagnostics import Diagnostic, Edit, Fix, Severity
from xenscmi.report.json import to_text
from xenscmi.rules.rule import Rule
from xenscmi.source import Span
from xenscmi.version import __version__

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic], rules: Sequence[Rule]) -> str:
    """Return a SARIF log of one run, with a description of `rules`."""
    number = {rule.code: index for index, rule in enumerate(rules)}
    driver = {"name": "xenscmi", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, number) for each in diagnostics],
    }
    return to_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.xen},
        "help": {"text": rule.fix},
        "properties": {"fixes": [each.value for each in rule.fixable]},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(diagnostic: Diagnostic, number: dict[str, int]) -> dict[str, object]:
    text = f"{diagnostic.message}\n{diagnostic.help}" if diagnostic.help else diagnostic.message
    found: dict[str, object] = {"level": _LEVELS[diagnostic.severity], "message": {"text": text}}
    if diagnostic.code:
        found["ruleId"] = diagnostic.code
    if diagnostic.code in number:
        found["ruleIndex"] = number[diagnostic.code]
    if diagnostic.span:
        found["locations"] = [_location(diagnostic.span)]
    if diagnostic.related:
        found["relatedLocations"] = [
            {"id": index, **_location(each.span), "message": {"text": each.label}}
            for index, each in enumerate(diagnostic.related)
        ]
    if diagnostic.fix:
        found["fixes"] = [_fix(diagnostic.fix)]
    return found


def _fix(fix: Fix) -> dict[str, object]:
    """Return a fix; SARIF has no word for its safety, so that is a property."""
    by_file: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.source.name, []).append(edit)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": {"uri": quote(name)}, "replacements": [_replacement(each) for each in edits]}
            for name, edits in by_file.items()
        ],
        "properties": {"safety": fix.safety.value},
    }


def _replacement(edit: Edit) -> dict[str, object]:
    (line, column), (end_line, end_column) = map(edit.span.source.position, (edit.span.start, edit.span.end))
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _location(span: Span) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": quote(span.source.name)}}
    if span.source.text:
        line, column = span.source.position(span.start)
        end_line, end_column = span.source.position(max(span.end, span.start + 1))
        place["region"] = {
            "startLine": max(line, 1),
            "startColumn": column,
            "endLine": end_line,
            "endColumn": end_column,
        }
    return {"physicalLocation": place}
