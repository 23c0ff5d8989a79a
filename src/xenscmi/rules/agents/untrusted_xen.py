"""XS127 untrusted-xen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule, also

RULE = HostRule(
    code="XS127",
    name="untrusted-xen",
    severity=Severity.ERROR,
    summary="The firmware does not trust Xen's agent to set permissions.",
    then="the first device that Xen gives to a domain is DENIED (-13)",
    xen="The first device that Xen gives to a domain is DENIED (-13): for dom0 and dom0less domains Xen panics at "
    "boot, and `xl create` fails. A domain whose agent is trusted can give itself every device.",
    fix="make Xen the agent that the firmware trusts (agent 0 on EPAM's firmware), or make the firmware trust Xen's "
    "agent",
    firmware=replace(FIRMWARE, trusted_agent=4),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own, trusted = index.management, index.host.firmware.trusted_agent
    if own is None or own.func_id is None or trusted is None or index.xen_agent_id in (None, trusted):
        return
    row = index.row_by_id.get(trusted)
    whose = f", and {users[0].title} agent {trusted}" if row and (users := index.users(row)) else ""
    yield Finding(
        message=f"the firmware lets agent {trusted} set permissions, but Xen is agent {index.xen_agent_id}{whose}",
        span=own.func_id.span,
        related=also("the trusted agent", (row.agent_id or row.func_id).span if row else None),
        severity=None if index.grants else Severity.WARNING,
    )
