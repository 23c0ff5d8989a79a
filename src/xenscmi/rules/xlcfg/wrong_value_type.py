"""XS003 wrong-value-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

RULE = FileRule(
    code="XS003",
    name="wrong-value-type",
    severity=Severity.WARNING,
    summary="xl warns about a value: a list instead of a string, a string instead of a number, and so on.",
    then="xl ignores the value",
    xen="xl prints a warning and creates the domain as if the setting were not there.",
    fix="write the value as xl.cfg(5) describes it",
    bad=(Change("guest.cfg", "vcpus = 1\n", 'vcpus = "one"\n'),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for diagnostic in configuration.parsed.diagnostics if configuration.parsed else ():
        if diagnostic.severity is Severity.WARNING:
            yield Finding(
                message=diagnostic.message,
                span=diagnostic.span,
                related=diagnostic.related,
                help=diagnostic.help or None,
            )
