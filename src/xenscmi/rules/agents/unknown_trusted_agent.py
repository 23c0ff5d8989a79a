"""XS131 unknown-trusted-agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenscmi.diagnostics import Edit, Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.lines import BEHIND_SETTING, end_of_line, newline_of
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.rule import Finding, HostRule, also, unsafe_fix
from xenscmi.source import Span

RULE = HostRule(
    code="XS131",
    name="unknown-trusted-agent",
    severity=Severity.ERROR,
    summary="The firmware's agents are listed, but not which of them may set permissions.",
    then="if that is not Xen's, the first device given to a domain is DENIED (-13)",
    xen="Xen sets permissions for every device under SCMI control that a domain gets. If the firmware does not trust "
    "Xen's agent, Xen panics at boot. The profiles generic and scp do not know the agent; `simulate` then trusts "
    "nobody.",
    fix="write trusted_agent = N into [firmware] of host.toml: the agent of Xen's own channel, if all is well",
    fixable=(Safety.UNSAFE,),
    firmware=replace(FIRMWARE, trusted_agent=None),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    firmware, own = index.host.firmware, index.management
    if firmware.agents is None or firmware.trusted_agent is not None or own is None or not index.grants:
        return
    yield Finding(
        message=f"it is unknown which agent the firmware ({firmware.profile}) trusts to set permissions",
        span=firmware.span or own.span,
        related=also("Xen's own channel", own.func_id.span if own.func_id and firmware.span else None),
        fix=_trust(index, firmware.span),
    )


def _trust(index: Index, section: Span | None) -> Fix | None:
    """Return the line of host.toml that names Xen's own agent, if all is well with the firmware."""
    if section is None or section.source.text[section.start - 1 : section.end + 1] != "[firmware]":
        return None
    end = end_of_line(section.source, section.end + 1, BEHIND_SETTING)
    if end is None or index.xen_agent_id is None:
        return None
    line = f"{newline_of(section.source, end)}trusted_agent = {index.xen_agent_id}"
    behind = Edit(span=Span(section.source, end, end), text=line)
    return unsafe_fix(f"Trust agent {index.xen_agent_id}, which is Xen's", behind)
