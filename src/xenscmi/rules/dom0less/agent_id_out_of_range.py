"""XS402 agent-id-out-of-range."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, multi_agent
from xenscmi.rules.editing.agents import ask_for_described
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS402",
    name="agent-id-out-of-range",
    severity=Severity.ERROR,
    summary="A dom0less domain asks for an agent id of 255 or more.",
    then='Xen panics: "Error getting SCI configuration"',
    xen='Xen panics at boot: "Error getting SCI configuration".',
    fix="use an agent id of the list, 0 to 254",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "xen,sci-agent-id = <3>;", "xen,sci-agent-id = <255>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.host.reads_sci_type else ():
        stated = domain.agent_id
        if not domain.has_node or not multi_agent(domain) or stated is None:
            continue
        if stated.value is not None and stated.value >= INVALID_AGENT_ID:
            yield Finding(
                message=f"agent {stated.value} of domain {domain.name} is out of range [0..254]",
                span=stated.span,
                fix=ask_for_described(index, domain),
            )
