"""Runs rules on a host: selects, overrides severities, applies suppressions, sorts. It neither opens nor prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.types import Host
from xenscmi.host.view import View
from xenscmi.rules.registry import RULES, UNUSED_SUPPRESSION
from xenscmi.rules.rule import Finding, Rule
from xenscmi.rules.suppression import Suppression, suppressions

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which rules run, and how bad their findings are.

    Rules are named by code, by a code's beginning (`XS1`), or by name. `select` empty means all; `ignore` wins over it.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def runs(self, rule: Rule) -> bool:
        return (not self.select or _named(rule, self.select)) and not _named(rule, self.ignore)

    def severity(self, diagnostic: Diagnostic) -> Severity:
        given = self.severities.get(diagnostic.code) or self.severities.get(diagnostic.name)
        return given or diagnostic.severity


def check(host: Host, selection: Selection | None = None) -> tuple[Diagnostic, ...]:
    """Return what the rules find on a host, sorted by file, place and severity."""
    selection = selection or Selection()
    view = View(host)
    running = [rule for rule in RULES if selection.runs(rule)]
    found = [rule.diagnostic(finding) for rule in running for finding in rule.check(view)]
    found = [each.replace(severity=selection.severity(each)) for each in found]
    kept, unused = _suppress(found, tuple(suppressions(host.sources)), {*_words(running)})
    if selection.runs(UNUSED_SUPPRESSION):
        kept += [UNUSED_SUPPRESSION.diagnostic(_unused(each)) for each in unused]
    return sort(kept)


def sort(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics in the order in which they are shown: by file, place, severity and code."""
    return tuple(sorted(diagnostics, key=_key))


def find(name: str) -> Rule | None:
    """Return the rule of a code or name; None where there is none."""
    return next((rule for rule in (*RULES, UNUSED_SUPPRESSION) if name in (rule.code, rule.name)), None)


def _key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    span = diagnostic.span
    name, start = (span.source.name, span.start) if span else ("", 0)
    return name, start, _ORDER[diagnostic.severity], diagnostic.code, diagnostic.message


def _named(rule: Rule, names: Iterable[str]) -> bool:
    return any(rule.name == name or rule.code.startswith(name) for name in names)


def _words(rules: Iterable[Rule]) -> Iterable[str]:
    for rule in rules:
        yield rule.code
        yield rule.name


def _suppress(
    found: list[Diagnostic], comments: tuple[Suppression, ...], running: set[str]
) -> tuple[list[Diagnostic], list[Suppression]]:
    """Return what no comment silences, and the comments that silence nothing; not those for rules that did not run."""
    kept = [each for each in found if not any(comment.silences(each) for comment in comments)]
    unused = [comment for comment in comments if not any(comment.silences(each) for each in found)]
    return kept, [comment for comment in unused if comment.rule in running or find(comment.rule) is None]


def _unused(comment: Suppression) -> Finding:
    known = find(comment.rule) is not None
    message = f"unused suppression of {comment.rule}" if known else f"there is no rule {comment.rule} to suppress"
    return Finding(message=message, span=comment.span)
