"""Results of the conformance suite: text for people, JSON for programs, JUnit for CI."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from xenscmi.conformance.case import Case
from xenscmi.conformance.suite import Result
from xenscmi.conformance.verdict import Verdict
from xenscmi.report import junit
from xenscmi.report.text import visible

_SHOWN_AS = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.NOT_SUPPORTED: "n/s"}


def line(result: Result) -> str:
    """Return a result as a line, and what was wrong, or is missing, below it."""
    text = f"{_SHOWN_AS[result.verdict]:4}  {result.case.name}"
    if result.verdict is Verdict.PASS:
        return text
    shown = f"{text}\n        {visible(result.words)}"
    if result.verdict is Verdict.FAIL:
        shown += f"\n        {result.case.title}\n        {result.case.section}"
    return shown


def summary(results: Sequence[Result]) -> str:
    """Return how many tests ended how."""
    counts = Counter(result.verdict for result in results)
    return ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict) + f", of {len(results)} tests"


def as_json(results: Sequence[Result], platform: str) -> str:
    """Return the results as a JSON document."""
    counts = Counter(result.verdict for result in results)
    document = {
        "platform": platform,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "results": [
            {
                "test": result.case.name,
                "title": result.case.title,
                "section": result.case.section,
                "verdict": result.verdict.value,
                "words": result.words,
            }
            for result in results
        ],
    }
    return json.dumps(document, indent=2)


def as_junit(results: Sequence[Result], platform: str) -> str:
    """Return the results as JUnit's XML: what is not supported is skipped."""
    return junit.render(f"SCMI conformance: {platform}", [_test_case(result) for result in results])


_KINDS = {Verdict.PASS: "", Verdict.FAIL: "failure", Verdict.NOT_SUPPORTED: "skipped"}


def _test_case(result: Result) -> junit.JUnitCase:
    protocol, _, name = result.case.name.partition(".")
    return junit.JUnitCase(
        group=protocol,
        name=name,
        seconds=result.seconds,
        kind=_KINDS[result.verdict],
        message=result.words,
        text=f"{result.case.title}\n{result.case.section}",
    )


def listing(cases: Sequence[Case]) -> str:
    """Return the tests with their sections and what must hold."""
    return "".join(f"{case.name}\n    {case.title}\n    {case.section}\n" for case in cases)
