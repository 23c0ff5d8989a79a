"""Runs rules: selects them, overrides severities, applies suppressions, sorts. It opens and prints nothing."""

from __future__ import annotations

from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.record import Record
from xenscmi.rules.registry import UNUSED_SUPPRESSION, all_rules, file_rules, host_rules
from xenscmi.rules.rule import Finding, Rule, safe_fix
from xenscmi.rules.suppression import Suppressions, removal
from xenscmi.source import Source, Span
from xenscmi.spelling import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xenscmi.host.configuration import Configuration
    from xenscmi.host.types import Host
    from xenscmi.rules.suppression import Suppression

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Selection(Record):
    """Which rules run, and how bad their findings are.

    Rules are named by code, by the start of a code (`XS1`), or by name. An empty `select` means all; `ignore` wins over
    it. `per_file` ignores rules in the files of these names.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = {}
    severities: Mapping[str, Severity] = {}

    def runs(self, rule: Rule) -> bool:
        chosen = not self.select or _named(rule.code, rule.name, self.select)
        return chosen and not _named(rule.code, rule.name, self.ignore)

    def names(self) -> Iterator[str]:
        """Yield every name by which rules are selected."""
        yield from self.select
        yield from self.ignore
        for given in self.per_file.values():
            yield from given
        yield from self.severities

    def shows(self, diagnostic: Diagnostic) -> bool:
        """Return whether to show a finding of a rule that runs: not if `per_file` ignores the rule there."""
        ignored = self.per_file.get(diagnostic.span.source.name, ()) if diagnostic.span else ()
        return not _named(diagnostic.code, diagnostic.name, ignored)

    def severity(self, diagnostic: Diagnostic) -> Severity:
        """Return how bad a finding is: as the longest start of its code says, or its name, which is more than any."""
        named = [each for each in self.severities if _named(diagnostic.code, diagnostic.name, (each,))]
        nearest = max(named, key=lambda each: (each == diagnostic.name, len(each)), default=None)
        return diagnostic.severity if nearest is None else self.severities[nearest]


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise XenscmiError for names that no rule has."""
    _refuse_unknown(Selection(select=tuple(names)), ())


def check(host: Host, selection: Selection | None = None) -> tuple[Diagnostic, ...]:
    """Return what the rules find on a host, sorted by file, place and severity.

    Raises XenscmiError if the selection has a name that no rule has: the check would pass without it.
    """
    from xenscmi.host.index import Index

    selection = selection or Selection()
    _refuse_unknown(selection, host.sources)
    index = Index(host)
    running = [rule for rule in host_rules() if selection.runs(rule)]
    found = [rule.diagnostic(finding) for rule in running for finding in rule.findings(index)]
    return _finish(host.configurations, host.sources, [*running], found, selection)


def check_files(configurations: Sequence[Configuration], selection: Selection | None = None) -> tuple[Diagnostic, ...]:
    """Return what the rules about single xl.cfg files find, in the same order. Raises XenscmiError as `check` does."""
    from xenscmi.rules.domains.refused_by_libxl import RULE, check_alone

    selection = selection or Selection()
    _refuse_unknown(selection, ())
    running: list[Rule] = [RULE] if selection.runs(RULE) else []
    found = [RULE.diagnostic(finding) for each in configurations for finding in check_alone(each)] if running else []
    sources = [file for each in configurations for file in each.source.files]
    return _finish(configurations, sources, running, found, selection)


def sort(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics in the order in which they are shown: by file, place, severity and code."""
    return tuple(sorted(diagnostics, key=_key))


def find(name: str) -> Rule | None:
    """Return the rule with a code or name; None if there is none."""
    return next((rule for rule in all_rules() if name in (rule.code, rule.name)), None)


def nearest(name: str) -> str:
    """Return advice on a name that no rule has."""
    words = [word for rule in all_rules() for word in (rule.code, rule.name)]
    return did_you_mean(name, words) or did_you_mean(name.upper(), words, "see `xenscmi rules`")


def _refuse_unknown(selection: Selection, sources: Iterable[Source]) -> None:
    """Raise XenscmiError for names that no rule has, at their places in host.toml if they stand there."""
    given = tuple(selection.names())
    rules = all_rules() if given else ()
    wrong = [name for name in given if not any(_named(rule.code, rule.name, (name,)) for rule in rules)]
    if not wrong:
        return
    manifests = [source for source in sources if source.name.endswith(".toml")]
    raise XenscmiError(
        *(
            Diagnostic(message=f"there is no rule `{name}'", span=_place(name, manifests), help=nearest(name))
            for name in wrong
        )
    )


def _place(name: str, sources: Iterable[Source]) -> Span | None:
    """Return where a name stands, in quotes or as a key; None if it does not."""
    for source in sources:
        for written in (f'"{name}"', f"'{name}'", name):
            at = source.text.rfind(written)
            if at >= 0:
                return Span(source, at, at + len(written))
    return None


def _finish(
    configurations: Sequence[Configuration],
    sources: Iterable[Source],
    running: list[Rule],
    found: list[Diagnostic],
    selection: Selection,
) -> tuple[Diagnostic, ...]:
    """Add the findings of the rules about files; return all that is to be shown, sorted."""
    for rule in file_rules():
        if selection.runs(rule):
            running.append(rule)
            found += [rule.diagnostic(finding) for each in configurations for finding in rule.findings(each)]
    found = [each.replace(severity=selection.severity(each)) for each in found if selection.shows(each)]
    comments = Suppressions(sources)
    kept = [each for each in found if not comments.silence(each)]
    if selection.runs(UNUSED_SUPPRESSION):
        kept += [UNUSED_SUPPRESSION.diagnostic(each) for each in _unused(comments.unused(), running)]
    return sort(kept)


def _unused(silent: list[Suppression], running: list[Rule]) -> Iterable[Finding]:
    """Yield findings about comments that silence nothing, except those for rules that did not run."""
    ran = {word for rule in running for word in (rule.code, rule.name)}
    for comment in silent:
        if comment.rule in ran:
            fix = safe_fix(f"Stop ignoring {comment.rule}", removal(comment))
            yield Finding(message=f"unused suppression of {comment.rule}", span=comment.span, fix=fix)
        elif find(comment.rule) is None:
            message = f"there is no rule {comment.rule} to suppress"
            yield Finding(message=message, span=comment.span, help=nearest(comment.rule))


def _key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    span = diagnostic.span
    name, start = (span.source.name, span.start) if span else ("", 0)
    return name, start, _ORDER[diagnostic.severity], diagnostic.code, diagnostic.message


def _named(code: str, name: str, given: Iterable[str]) -> bool:
    return any(name == each or code.startswith(each) for each in given)
