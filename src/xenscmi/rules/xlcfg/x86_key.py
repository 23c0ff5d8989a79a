"""XS011 x86-key."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, unsafe_fix

RULE = FileRule(
    code="XS011",
    name="x86-key",
    severity=Severity.INFO,
    summary="An xl.cfg file has a key that only x86 or HVM guests use.",
    xen="xl and libxl keep the value; on Arm nothing reads it.",
    fix="remove it, or keep it in a file that both architectures share",
    fixable=(Safety.UNSAFE,),
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\ne820_host = 1\n"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for diagnostic in configuration.parsed.diagnostics if configuration.parsed else ():
        if diagnostic.severity is Severity.INFO:
            setting = (
                configuration.settings.get(diagnostic.span.text) if configuration.settings and diagnostic.span else None
            )
            yield Finding(
                message=diagnostic.message,
                span=diagnostic.span,
                help=diagnostic.help or None,
                fix=unsafe_fix(f"Remove {setting.key}", xlcfg.remove(setting)) if setting else None,
            )
