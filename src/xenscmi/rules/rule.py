"""What a rule is: a value that names, explains and checks one kind of mistake.

A rule lives in a file of its own and is judged by its example: `bad` changes the example host of `example.py` and must
bring exactly this rule; the unchanged host must bring none.
"""

from __future__ import annotations

from xenscmi.diagnostics import Annotation, Diagnostic, Severity
from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xenscmi.host.configuration import Configuration
    from xenscmi.host.types import Firmware
    from xenscmi.host.view import View
    from xenscmi.source import Span


class Finding(Record):
    """One occurrence of a rule's mistake.

    `severity` and `help` are the rule's where they are None: a check lowers the severity where the mistake does no harm
    on this host. `then` is what Xen does; None means the rule's, which is left out where the severity is lowered.
    """

    message: str
    span: Span | None
    then: str | None = None
    label: str = ""
    related: tuple[Annotation, ...] = ()
    severity: Severity | None = None
    help: str | None = None


class Change:
    """An edit of the example host: in `file`, the text `good`, which stands there once, becomes `bad`."""

    __slots__ = ("bad", "file", "good")

    def __init__(self, file: str, good: str, bad: str) -> None:
        self.file = file
        self.good = good
        self.bad = bad


class Rule(Record):
    """A rule: stable code and name, and for people what it finds, what Xen does then, and how to mend it.

    `then` is what Xen does, in the few words that end every message; `xen` says it at length, with the log line or that
    there is none. `bad` are the changes that make its bad example, `firmware` and `xen_profile` what they need for it.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    xen: str
    mend: str
    then: str = ""
    bad: tuple[Change, ...] = ()
    firmware: Firmware | None = None
    xen_profile: str | None = None

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
            help=self.mend if finding.help is None else finding.help,
            code=self.code,
            name=self.name,
        )


class HostRule(Rule):
    """A rule about a host as a whole."""

    check: Callable[[View], Iterable[Finding]]


class FileRule(Rule):
    """A rule about an xl.cfg file by itself."""

    check: Callable[[Configuration], Iterable[Finding]]


def also(label: str, *spans: Span | None) -> tuple[Annotation, ...]:
    """Return the other places of a finding, all under one label; places that are not known are left out."""
    return tuple(Annotation(span=span, label=label) for span in spans if span is not None)
