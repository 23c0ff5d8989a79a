"""XS003 wrong-kind."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding


def _check(configuration: Configuration) -> Iterator[Finding]:
    for remark in configuration.parsed.diagnostics if configuration.parsed else ():
        if remark.severity is Severity.WARNING:
            yield Finding(message=remark.message, span=remark.span, related=remark.related, help=remark.help or None)


RULE = FileRule(
    code="XS003",
    name="wrong-kind",
    severity=Severity.WARNING,
    summary="xl warns of a value: a list where it wants a string, a string where it wants a number, and the like.",
    then="xl goes on without it",
    xen="xl prints a warning and makes the domain as if the setting were not there.",
    mend="write the value as xl.cfg(5) has it",
    check=_check,
    bad=(Change("guest.cfg", "vcpus = 1\n", 'vcpus = "one"\n'),),
)
