"""What a rule is: a value that names and explains one kind of mistake, and the function that finds it.

A rule lives in a file of its own: `RULE` with its documentation first, then the check under `@RULE.check`. Its example
tests it: `bad` changes the example host of `example.py` and must trigger this rule alone; the unchanged host triggers
none.
"""

from __future__ import annotations

from xenscmi.diagnostics import Annotation, Diagnostic, Edit, Fix, Safety, Severity
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xenscmi.config.types.enums import ArmSciType
    from xenscmi.host.configuration import Configuration
    from xenscmi.host.index import Index
    from xenscmi.host.types import HostFirmware
    from xenscmi.source import Span


class Finding(Record):
    """One occurrence of a rule's mistake.

    `severity` and `help` default to the rule's: a check lowers the severity where the mistake does no harm on this
    host. `then` is what Xen does; it defaults to the rule's, or to nothing where the severity is lowered. `fix` is the
    remedy as edits, where the files show it.
    """

    message: str
    span: Span | None
    then: str | None = None
    label: str = ""
    related: tuple[Annotation, ...] = ()
    severity: Severity | None = None
    help: str | None = None
    fix: Fix | None = None


class Change:
    """An edit of the example host: in `file`, the text `good`, which occurs there once, becomes `bad`."""

    __slots__ = ("bad", "file", "good")

    def __init__(self, file: str, good: str, bad: str) -> None:
        self.file = file
        self.good = good
        self.bad = bad


class Rule(Record):
    """A rule: its stable code and name, and for people what it finds, what Xen does, and how to fix it.

    `then` is what Xen does, in the few words that end every message; `xen` says it in full, with the log line or that
    there is none. `fixable` says how safe its fixes are: none, where it has no fix. `bad` are the changes that make its
    bad example; `firmware`, `xen_profile` and `sci_driver` are what the example needs besides.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    xen: str
    fix: str
    then: str = ""
    fixable: tuple[Safety, ...] = ()
    bad: tuple[Change, ...] = ()
    firmware: HostFirmware | None = None
    xen_profile: str | None = None
    sci_driver: ArmSciType | None = None

    def diagnostic(self, finding: Finding) -> Diagnostic:
        """Return a finding as a diagnostic of this rule."""
        then = finding.then
        if then is None:
            then = self.then if finding.severity in (None, self.severity) else ""
        return Diagnostic(
            message=f"{finding.message}; {then}" if then else finding.message,
            severity=finding.severity or self.severity,
            span=finding.span,
            label=finding.label,
            related=finding.related,
            help=self.fix if finding.help is None else finding.help,
            code=self.code,
            name=self.name,
            fix=finding.fix,
        )


class HostRule(Rule):
    """A rule about a host as a whole."""

    def check(self, function: Callable[[Index], Iterable[Finding]]) -> Callable[[Index], Iterable[Finding]]:
        """Decorate the function that finds this rule's mistakes."""
        self.__dict__["findings"] = function
        return function

    def findings(self, index: Index) -> Iterable[Finding]:
        """Return what the rule finds on a host: what the decorated function returns."""
        raise NotImplementedError(f"{self.code} has no @RULE.check")


class FileRule(Rule):
    """A rule about a single xl.cfg file."""

    def check(
        self, function: Callable[[Configuration], Iterable[Finding]]
    ) -> Callable[[Configuration], Iterable[Finding]]:
        """Decorate the function that finds this rule's mistakes."""
        self.__dict__["findings"] = function
        return function

    def findings(self, configuration: Configuration) -> Iterable[Finding]:
        """Return what the rule finds in a file: what the decorated function returns."""
        raise NotImplementedError(f"{self.code} has no @RULE.check")


def also(label: str, *spans: Span | None) -> tuple[Annotation, ...]:
    """Return the other places of a finding, all under one label; unknown places are left out."""
    return tuple(Annotation(span=span, label=label) for span in spans if span is not None)


Edits = Edit | tuple[Edit, ...] | None
"""Edits of a part of a fix; None where the text does not allow them: a blob, a macro, another way of writing it."""


def safe_fix(title: str, *edits: Edits) -> Fix | None:
    """Return a fix that may be applied unseen; None where one of its parts cannot be written, or nothing changes."""
    return _fix(Safety.SAFE, title, edits)


def unsafe_fix(title: str, *edits: Edits) -> Fix | None:
    """Return a fix at which a person should look; None as in `safe_fix`."""
    return _fix(Safety.UNSAFE, title, edits)


def fix_if(certain: bool, title: str, *edits: Edits) -> Fix | None:
    """Return a fix that is safe if the files leave no doubt; None as in `safe_fix`."""
    return _fix(Safety.SAFE if certain else Safety.UNSAFE, title, edits)


def _fix(safety: Safety, title: str, edits: tuple[Edits, ...]) -> Fix | None:
    every: list[Edit] = []
    for part in edits:
        if part is None:
            return None
        every += (part,) if isinstance(part, Edit) else part
    return Fix(title=title, edits=tuple(every), safety=safety) if every else None
