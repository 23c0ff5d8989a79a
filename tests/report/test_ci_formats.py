"""The reports that CI systems read: GitLab's Code Quality, JUnit's XML."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.report import gitlab, junit
from xenscmi.source import Source, Span

TEXT = "first\n  second  line\nthird\n"


def _finding(text: str, word: str, **values: Any) -> Diagnostic:
    at = text.index(word)
    span = Span(Source("./a/guest.cfg", text), at, at + len(word))
    return Diagnostic(**{"message": "wrong", "code": "XS201", "name": "bad-thing", "span": span, **values})


def _issues(*diagnostics: Diagnostic) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(gitlab.render(diagnostics))
    return issues


def test_an_issue_of_gitlab() -> None:
    (issue,) = _issues(_finding(TEXT, "second", help="do this"))
    assert re.fullmatch("[0-9a-f]{64}", issue.pop("fingerprint"))
    assert issue == {
        "description": "wrong\ndo this",
        "check_name": "XS201 bad-thing",
        "severity": "critical",
        "location": {"path": "a/guest.cfg", "lines": {"begin": 2}},
    }


@pytest.mark.parametrize("severity", Severity)
def test_gitlab_knows_the_severity(severity: Severity) -> None:
    (issue,) = _issues(_finding(TEXT, "second", severity=severity))
    assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")


def test_an_issue_moves_with_its_line() -> None:
    """GitLab shows an issue as new if its fingerprint is."""
    (before,) = _issues(_finding(TEXT, "second"))
    moved = TEXT.replace("first", "first\nand more\n").replace("  second", "\tsecond")
    (after,) = _issues(_finding(moved, "second"))
    assert after["location"]["lines"]["begin"] == 4
    assert after["fingerprint"] == before["fingerprint"]
    (renumbered,) = _issues(_finding(TEXT, "second", message="wrong: line 3 too"))
    assert renumbered["fingerprint"] == before["fingerprint"]


def test_different_issues_differ() -> None:
    found = [
        _finding(TEXT, "second"),
        _finding(TEXT, "second"),  # the same once more
        _finding(TEXT, "third"),
        _finding(TEXT, "second", code="XS202"),
        Diagnostic(message="no place"),
        Diagnostic(message="no other place"),
        Diagnostic(message="no text", span=Span(Source("host.dtb", ""), 0, 0)),
    ]
    issues = _issues(*found)
    assert len({issue["fingerprint"] for issue in issues}) == len(found)
    assert [issue["location"]["path"] for issue in issues[4:]] == ["host.toml", "host.toml", "host.dtb"]
    assert all(issue["location"]["lines"]["begin"] >= 1 for issue in issues)


# What the schemas of Ant's reports (windyroad/JUnit-Schema) and of Jenkins's xunit plugin demand together.
REQUIRED = {
    "testsuite": {"name", "timestamp", "hostname", "tests", "failures", "errors", "time"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type"},
    "error": {"type"},
    "skipped": set[str](),
    "properties": set[str](),
    "system-out": set[str](),
    "system-err": set[str](),
}
ORDER = ["properties", "testcase", "system-out", "system-err"]


def conforms(text: str) -> ElementTree.Element:
    """Return the suite in a report, which is as the schemas say."""
    suite = ElementTree.fromstring(text)
    assert suite.tag == "testsuite"
    for element in suite.iter():
        assert REQUIRED[element.tag] <= set(element.keys())
    tags = [ORDER.index(each.tag) for each in suite]
    assert tags == sorted(tags)
    assert all(len(case) <= 1 for case in suite.iter("testcase"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[attribute]) == len(list(suite.iter(tag)))
    return suite


def test_junit() -> None:
    suite = conforms(
        junit.render(
            "xenscmi check",
            [
                junit.JUnitCase(group="g", name="good", seconds=1.5),
                junit.JUnitCase(group="g", name="bad", kind="failure", message="1 error", text="<why> \0 \udcff"),
                junit.JUnitCase(group="g", name="worse", kind="error", type="unusable"),
                junit.JUnitCase(group="g", name="other", kind="skipped", message="not there"),
            ],
        )
    )
    assert suite.get("time") == "1.500"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == ("1 error", "failure")
    assert failure.text == "<why> \N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"
