"""Findings as a Code Quality report of GitLab, which merge requests show beside the lines that they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.report.json import to_text

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(diagnostics: Sequence[Diagnostic], host: str = "host.toml") -> str:
    """Return the report; findings without a place are shown at `host`."""
    return to_text(list(_issues(diagnostics, host)))


def _issues(diagnostics: Sequence[Diagnostic], host: str) -> Iterator[dict[str, object]]:
    seen: Counter[str] = Counter()
    for each in diagnostics:
        path, number, line = _place(each, host)
        # The same finding on the same text is the same issue wherever its line has moved to; equal ones are counted.
        identity = "\0".join((each.code or each.message, path, " ".join(line.split()), each.label))
        seen[identity] += 1
        fingerprint = sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
        yield {
            "description": f"{each.message}\n{each.help}" if each.help else each.message,
            "check_name": f"{each.code} {each.name}" if each.code else "unusable",
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[each.severity],
            "location": {"path": path, "lines": {"begin": number}},
        }


def _place(diagnostic: Diagnostic, host: str) -> tuple[str, int, str]:
    """Return the path, the line's number and its text."""
    span = diagnostic.span
    if span is None:
        return host, 1, ""
    number = max(span.line, 1) if span.source.text else 1
    return span.source.name.removeprefix("./"), number, span.source.line(number)
