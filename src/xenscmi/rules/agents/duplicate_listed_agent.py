"""XS112 duplicate-listed-agent."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.rows import number_as_firmware
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS112",
    name="duplicate-listed-agent",
    severity=Severity.ERROR,
    summary="An agent id is in the list twice.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: Could not create channel for agent …: -17". With two cells a row, where Xen asks '
    "the firmware for the ids, it does not notice and only ever uses the first row.",
    fix="give every row an agent id of its own",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 3"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for row in index.rows:
        number = index.agent_id(row)
        first = index.row_by_id.get(number) if number is not None else None
        if first is not None and first is not row:
            yield Finding(
                message=f"Could not create channel for agent {number}: it is already in the list"
                if row.agent_id
                else f"the firmware answers agent {number} on this channel and on another: Xen uses the first row",
                span=row.agent_id.span if row.agent_id else row.func_id.span,
                related=also("first listed here", first.agent_id.span if first.agent_id else first.func_id.span),
                severity=None if row.agent_id else Severity.WARNING,
                fix=number_as_firmware(index, row) or number_as_firmware(index, first),
            )
