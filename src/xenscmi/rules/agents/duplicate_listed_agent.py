"""XS112 duplicate-listed-agent."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also
from xenscmi.rules.words import NO_SCMI, PROBE_FAILS


def _check(view: View) -> Iterator[Finding]:
    for row in view.rows:
        number = view.agent_id(row)
        first = view.row_by_id.get(number) if number is not None else None
        if first is not None and first is not row:
            yield Finding(
                message=f"Could not create channel for agent {number}: it stands in the list already"
                if row.agent_id
                else f"the firmware answers agent {number} on this channel, as on another: the first row is used",
                span=row.agent_id.span if row.agent_id else row.func_id.span,
                related=also("first listed here", first.agent_id.span if first.agent_id else first.func_id.span),
                severity=None if row.agent_id else Severity.WARNING,
            )


RULE = HostRule(
    code="XS112",
    name="duplicate-listed-agent",
    severity=Severity.ERROR,
    summary="An agent id stands in the list twice.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Could not create channel for agent …: -17". Where a row has two cells and Xen learns '
    "the ids from the firmware, it does not notice, and only ever uses the first row.",
    mend="give every row an agent id of its own",
    check=_check,
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 3"),),
)
