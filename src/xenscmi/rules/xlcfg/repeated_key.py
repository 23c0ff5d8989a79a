"""XS005 repeated-key."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, also, fix_if
from xenscmi.xlcfg import Setting

RULE = FileRule(
    code="XS005",
    name="repeated-key",
    severity=Severity.WARNING,
    summary="An xl.cfg file sets a key twice.",
    then="xl uses the last one",
    xen="xl silently keeps the last value.",
    fix="keep one of them; to add to a list, write KEY += [ … ]",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("guest.cfg", "vcpus = 1\n", "vcpus = 1\nvcpus = 2\n"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    first: dict[str, Setting] = {}
    for setting in configuration.settings.all if configuration.settings else ():
        other = first.setdefault(setting.key, setting)
        if other is not setting and not setting.added:
            yield Finding(
                message=f"`{setting.key}' is set again",
                span=setting.key_span,
                related=also("the earlier value, which no longer counts", other.key_span),
                fix=fix_if(
                    setting.value.span.text == other.value.span.text,
                    f"Remove the earlier {setting.key}",
                    xlcfg.remove(other),
                ),
            )
