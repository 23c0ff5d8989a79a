"""XS114 xen-channel-listed."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS114",
    name="xen-channel-listed",
    severity=Severity.ERROR,
    summary="Xen's own agent is in the list of the domains' agents.",
    then=PROBE_FAILS,
    xen=f'With agent ids in the list: {NO_SCMI} Log: "scmi: Could not create channel for agent …: -17". With two '
    "cells a row Xen accepts it, and a domain that gets it can set all permissions.",
    fix="list only the domains' agents; the scmi node below the container describes Xen's own",
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000003 &page_1 1"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    if own is None or own.func_id is None:
        return
    for row in index.rows:
        same_id = (
            row.agent_id is not None and row.agent_id.value == index.xen_agent_id and row.agent_id.value is not None
        )
        same_channel = row.func_id.value == own.func_id.value
        if not (same_id or same_channel):
            continue
        # In a list without ids Xen learns too late that the channel is its own; this does no harm until a domain asks.
        harmless = not same_id and not index.users(row)
        yield Finding(
            message=f"{index.row_name(row)} is Xen's own agent: it must not be in the list"
            if same_id
            else f"function id {row.func_id.value:#x} is that of Xen's own channel: it must not be in the list",
            span=row.agent_id.span if same_id and row.agent_id else row.func_id.span,
            related=also("Xen's own channel", own.func_id.span),
            severity=Severity.WARNING if harmless else None,
        )
