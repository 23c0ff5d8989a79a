"""Findings in the formats for machines."""

from __future__ import annotations

import json

from xenscmi.diagnostics import Annotation, Diagnostic, Edit, Fix, Safety, Severity
from xenscmi.report import github, sarif, text
from xenscmi.report import json as json_report
from xenscmi.rules.registry import all_rules
from xenscmi.source import Source, Span

TEXT = Source("board/host one.dts", "first\nsecond: 100%\n")
BINARY = Source("host.dtb", "")
OTHER = Source("guest.cfg", "a=1")
FOUND = (
    Diagnostic(
        message="wrong, 100%",
        span=Span(TEXT, 8, 11),
        related=(Annotation(span=Span(BINARY, 0, 0), label="claimed here"),),
        help="fix it",
        code="XS201",
        name="duplicate-agent-id",
        fix=Fix(
            title="Write it right",
            edits=(Edit(span=Span(TEXT, 6, 12), text="2nd"), Edit(span=Span(OTHER, 3, 3), text="; more")),
            safety=Safety.UNSAFE,
        ),
    ),
    Diagnostic(message="no place", severity=Severity.INFO),
)


def test_json_has_every_field() -> None:
    document = json.loads(json_report.render(FOUND))
    assert document["summary"] == {"errors": 1, "warnings": 0, "infos": 1, "files": 1}
    first, second = document["diagnostics"]
    assert first == {
        "code": "XS201",
        "name": "duplicate-agent-id",
        "severity": "error",
        "message": "wrong, 100%",
        "file": "board/host one.dts",
        "line": 2,
        "column": 3,
        "related": [{"file": "host.dtb", "line": None, "column": None, "message": "claimed here"}],
        "help": "fix it",
        "fix": {
            "title": "Write it right",
            "safety": "unsafe",
            "edits": [
                {"file": "board/host one.dts", "line": 2, "column": 1, "end_line": 2, "end_column": 7, "text": "2nd"},
                {"file": "guest.cfg", "line": 1, "column": 4, "end_line": 1, "end_column": 4, "text": "; more"},
            ],
        },
    }
    assert second["fix"] is None
    assert (second["file"], second["line"], second["severity"]) == (None, None, "info")


def test_sarif_points_at_rules_and_places() -> None:
    document = json.loads(sarif.render(FOUND, all_rules()))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    first, second = run["results"]
    described = run["tool"]["driver"]["rules"]
    assert described[first["ruleIndex"]]["id"] == first["ruleId"] == "XS201"
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "board/host%20one.dts"},
        "region": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6},
    }
    assert "region" not in first["relatedLocations"][0]["physicalLocation"]
    assert (second["level"], "ruleId" in second, "locations" in second) == ("note", False, False)


def test_sarif_has_fixes() -> None:
    first, second = json.loads(sarif.render(FOUND, all_rules()))["runs"][0]["results"]
    (fix,) = first["fixes"]
    assert (fix["description"]["text"], fix["properties"]["safety"]) == ("Write it right", "unsafe")
    assert fix["artifactChanges"] == [
        {
            "artifactLocation": {"uri": "board/host%20one.dts"},
            "replacements": [
                {
                    "deletedRegion": {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 7},
                    "insertedContent": {"text": "2nd"},
                }
            ],
        },
        {
            "artifactLocation": {"uri": "guest.cfg"},
            "replacements": [
                {
                    "deletedRegion": {"startLine": 1, "startColumn": 4, "endLine": 1, "endColumn": 4},
                    "insertedContent": {"text": "; more"},
                }
            ],
        },
    ]
    assert "fixes" not in second


def test_text_says_how_to_apply_a_fix() -> None:
    assert "  = fix: Write it right (check --fix --unsafe-fixes)\n" in text.render(FOUND)


def test_github_escapes_characters_that_would_end_a_command() -> None:
    first, second = github.render(FOUND).splitlines()
    assert first == (
        "::error file=board/host one.dts,line=2,col=3,title=XS201 duplicate-agent-id::wrong, 100%25%0Afix it"
    )
    assert second == "::notice ::no place"


def test_formats_for_machines_have_no_line_0() -> None:
    found = (Diagnostic(message="m", span=Span(TEXT, -1, -1)),)
    assert json.loads(json_report.render(found))["diagnostics"][0]["line"] == 1
    assert ",line=1,col=1::m" in github.render(found)
    (result,) = json.loads(sarif.render(found, all_rules()))["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
