"""XS011 x86-key."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding


def _check(configuration: Configuration) -> Iterator[Finding]:
    for remark in configuration.parsed.diagnostics if configuration.parsed else ():
        if remark.severity is Severity.INFO:
            yield Finding(message=remark.message, span=remark.span, help=remark.help or None)


RULE = FileRule(
    code="XS011",
    name="x86-key",
    severity=Severity.INFO,
    summary="An xl.cfg file has a key that only x86 or HVM guests use.",
    xen="xl and libxl keep the value; on Arm nothing reads it.",
    mend="remove it, or leave it for a file that both architectures share",
    check=_check,
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\ne820_host = 1\n"),),
)
