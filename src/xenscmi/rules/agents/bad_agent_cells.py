"""XS107 bad-agent-cells."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS107",
    name="bad-agent-cells",
    severity=Severity.ERROR,
    summary="#scmi-secondary-agents-cells is neither 2 nor 3.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Invalid #scmi-secondary-agents-cells value: …".',
    fix="write 3 if the rows contain the agent id, or 2 if Xen must ask the firmware for it",
    bad=(Change("host.dts", "#scmi-secondary-agents-cells = <3>;", "#scmi-secondary-agents-cells = <4>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    cells = index.container.cells if index.container else None
    if cells is None:
        return
    if cells.value is None:
        yield Finding(
            message="#scmi-secondary-agents-cells is not a cell; Xen uses 3",
            span=cells.span,
            severity=Severity.WARNING,
        )
    elif cells.value not in (2, 3):
        yield Finding(message=f"Invalid #scmi-secondary-agents-cells value: {cells.value}", span=cells.span)
