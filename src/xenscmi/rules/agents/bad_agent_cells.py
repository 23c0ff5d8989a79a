"""XS107 bad-agent-cells."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS


def _check(view: View) -> Iterator[Finding]:
    cells = view.container.cells if view.container else None
    if cells is None:
        return
    if cells.value is None:
        yield Finding(
            message="#scmi-secondary-agents-cells is no cell; Xen takes 3",
            span=cells.span,
            severity=Severity.WARNING,
        )
    elif cells.value not in (2, 3):
        yield Finding(message=f"Invalid #scmi-secondary-agents-cells value: {cells.value}", span=cells.span)


RULE = HostRule(
    code="XS107",
    name="bad-agent-cells",
    severity=Severity.ERROR,
    summary="A row of the list of agents is said to have neither 2 nor 3 cells.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Invalid #scmi-secondary-agents-cells value: …".',
    mend="write 3 where the rows carry the agent id, 2 where Xen shall ask the firmware for it",
    check=_check,
    bad=(Change("host.dts", "#scmi-secondary-agents-cells = <3>;", "#scmi-secondary-agents-cells = <4>;"),),
)
