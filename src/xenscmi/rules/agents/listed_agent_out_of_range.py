"""XS113 listed-agent-out-of-range."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.rows import number_as_firmware
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS113",
    name="listed-agent-out-of-range",
    severity=Severity.WARNING,
    summary="The list has an agent id of 255 or more.",
    xen="Xen lists the channel silently, but every way to ask for an agent is a byte, in which 255 means none.",
    fix="number the agents from 0 to 254, with the firmware's own ids",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 255"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for row in index.rows:
        if row.agent_id and row.agent_id.value is not None and row.agent_id.value >= INVALID_AGENT_ID:
            yield Finding(
                message=f"agent {row.agent_id.value} is out of range [0..254]: no domain can ask for it",
                span=row.agent_id.span,
                fix=number_as_firmware(index, row),
            )
