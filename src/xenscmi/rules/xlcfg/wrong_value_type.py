"""XS003 wrong-value-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Diagnostic, Edit, Fix, Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding, safe_fix
from xenscmi.xlcfg import ListValue, StringValue

_LIST, _SINGLE = "is a single value but should be a list", "is a list but should be a single value"

RULE = FileRule(
    code="XS003",
    name="wrong-value-type",
    severity=Severity.WARNING,
    summary="xl warns about a value: a list instead of a string, a string instead of a number, and so on.",
    then="xl ignores the value",
    xen="xl prints a warning and creates the domain as if the setting were not there.",
    fix="write the value as xl.cfg(5) describes it",
    fixable=(Safety.SAFE,),
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
                fix=_fix(configuration, diagnostic),
            )


def _fix(configuration: Configuration, diagnostic: Diagnostic) -> Fix | None:
    """Return a value in brackets where xl wants a list, and without them where it wants the only item of one."""
    setting = next((each for each in configuration.settings or () if each.value.span == diagnostic.span), None)
    value = setting.value if setting else None
    if setting is None or value is None or setting.added:
        return None
    text = value.span.text
    if isinstance(value, StringValue) and diagnostic.message.endswith(_LIST):
        return safe_fix("Put it in brackets", Edit(span=value.span, text=f"[ {text} ]"))
    if isinstance(value, ListValue) and len(value.items) == 1 and diagnostic.message.endswith(_SINGLE):
        item = value.string(0)
        return safe_fix("Remove the brackets", Edit(span=value.span, text=item.span.text)) if item else None
    return None
