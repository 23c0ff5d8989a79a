"""XS002 refused-value."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding
from xenscmi.source import Span

# What downstream toolstacks accept, as it stands in upstream's message, and what stands for it upstream.
DOWNSTREAM = {
    'Unknown tee "native"': "a downstream xl knows it; upstream has optee and ffa, which Xen mediates, and none",
    ",arm_mem_WB": "a downstream xl knows it; upstream chooses the memory type itself: write the range without it",
    'Unknown transport "pci"': "a downstream xl knows it; upstream has transport=mmio, or leave transport out",
}

RULE = FileRule(
    code="XS002",
    name="refused-value",
    severity=Severity.ERROR,
    summary="An xl.cfg file has a value that xl or libxl refuses, such as an agent id above 254 or an unknown type.",
    then="`xl create` fails",
    xen="xl prints an error and creates no domain. Xen is not affected.",
    fix="write a value that xl accepts: see xl.cfg(5)",
    bad=(Change("guest.cfg", "agent_id=4", "agent_id=255"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    # Without settings it is a syntax error, which is another rule.
    for error in configuration.errors if configuration.settings else ():
        if error.severity is Severity.ERROR:
            span = error.span or Span(configuration.source, 0, 0)  # of a setting that is missing
            known = next((advice for start, advice in DOWNSTREAM.items() if start in error.message), error.help)
            yield Finding(message=error.message, span=span, related=error.related, help=known or None)
