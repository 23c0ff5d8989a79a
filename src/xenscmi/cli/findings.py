"""Findings in the formats of `check`. This is not a command."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenscmi.diagnostics import Diagnostic

REVIEW_FORMATS = ("sarif", "github", "gitlab")
"""Formats in which a finding stands at a line of a file, whichever host has it."""


def rendered(form: str, diagnostics: Sequence[Diagnostic]) -> str:
    """Return findings in the format JSON, or in one of REVIEW_FORMATS."""
    if form == "json":
        from xenscmi.report.json import render

        return render(diagnostics)
    if form == "sarif":
        from xenscmi.report.sarif import render as render_sarif
        from xenscmi.rules.registry import all_rules

        return render_sarif(diagnostics, all_rules())
    if form == "gitlab":
        from xenscmi.report.gitlab import render as render_gitlab

        return render_gitlab(diagnostics)
    from xenscmi.report.github import render as render_github

    return render_github(diagnostics)
