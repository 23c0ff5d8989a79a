"""XS002 refused-value."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, Rule


def _check(view: View) -> Iterator[Finding]:
    for configuration in view.host.configurations:
        if configuration.settings is None:
            continue  # syntax-error
        for error in configuration.errors:
            if error.severity is Severity.ERROR:
                yield Finding(message=error.message, span=error.span, related=error.related, help=error.help or None)


RULE = Rule(
    code="XS002",
    name="refused-value",
    severity=Severity.ERROR,
    summary="An xl.cfg file has a value that xl or libxl refuses, such as an agent id above 254 or an unknown type.",
    then="`xl create` fails",
    xen="xl says so and makes no domain. Xen is not concerned.",
    mend="write a value that xl takes: xl.cfg(5)",
    check=_check,
    bad=(Change("guest.cfg", "agent_id=4", "agent_id=255"),),
)
