"""XS001 syntax-error."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

RULE = FileRule(
    code="XS001",
    name="syntax-error",
    severity=Severity.ERROR,
    summary="An xl.cfg file has a syntax error.",
    then="xl refuses the file",
    xen="xl reads nothing from the file, and `xl create` exits with 1. Xen is not affected.",
    fix="correct the line: a statement is KEY = VALUE; a value is a string, a number or a list",
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus 1\n"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for error in configuration.errors if configuration.settings is None else ():
        yield Finding(
            message=error.message,
            span=error.span,
            related=error.related,
            severity=error.severity,
            help=error.help or None,
        )
