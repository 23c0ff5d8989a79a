"""XS203 agent-not-listed."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.rules.editing.agents import ask_for_described
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also

ENOENT = 2

RULE = HostRule(
    code="XS203",
    name="agent-not-listed",
    severity=Severity.ERROR,
    summary="A domain asks for an agent that is not in Xen's list.",
    xen='Xen refuses it: "scmi: Failed to acquire SCMI channel for agent_id …: -2". For dom0 or a dom0less domain it '
    "panics at boot.",
    fix="ask for an agent of the list, or add a row for this one",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "xen,sci-agent-id = <3>;", "xen,sci-agent-id = <7>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if not index.lists_agents:
        return
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if wanted and wanted.value != index.xen_agent_id and wanted.value not in index.row_by_id:
            listing = index.container.listing if index.container else None
            yield Finding(
                message=f"{domain.title} asks for agent {wanted.value}, which is not listed: "
                + refusal(domain, ENOENT),
                span=wanted.span,
                fix=ask_for_described(index, domain),
                related=also("the list of agents", listing.span if listing else None),
            )
