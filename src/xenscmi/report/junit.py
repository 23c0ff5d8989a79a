"""JUnit's XML, which CI systems show as test results.

There is no standard: this has what the schemas of Ant's reports and of Jenkins both demand. Equal results are equal
bytes: no clock and no name of a machine stand in them, except where a caller measures a test's time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class JUnitCase:
    """One test. `kind` is empty for one that passed, else `failure`, `error` or `skipped`; the rest says why.

    `type` is a word for what went wrong, and `seconds` is how long it took.
    """

    group: str
    name: str
    seconds: float = 0
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def render(name: str, cases: Sequence[JUnitCase]) -> str:
    """Return the XML of a suite of tests."""
    counts = {kind: str(sum(case.kind == kind for case in cases)) for kind in ("failure", "error", "skipped")}
    suite = Element(
        "testsuite",
        name=_xml(name),
        timestamp="1970-01-01T00:00:00",
        hostname="localhost",
        tests=str(len(cases)),
        failures=counts["failure"],
        errors=counts["error"],
        skipped=counts["skipped"],
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    SubElement(suite, "properties")
    for case in cases:
        test = SubElement(
            suite, "testcase", classname=_xml(case.group), name=_xml(case.name), time=f"{case.seconds:.3f}"
        )
        if case.kind:
            told = SubElement(test, case.kind, message=_xml(case.message))
            if case.kind != "skipped":
                told.set("type", case.type or case.kind)
                told.text = _xml(case.text)
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    indent(suite)
    return tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
