"""XS105 missing-agent-list."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SECONDARY_AGENTS
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.phrases import NO_SCMI, PROBE_FAILS
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS105",
    name="missing-agent-list",
    severity=Severity.ERROR,
    summary="The container has no list of agents.",
    then=PROBE_FAILS,
    xen=f'{NO_SCMI} Log: "scmi: No scmi-secondary-agents property found, no agents to collect."',
    fix="list the agents: scmi-secondary-agents = <func_id &page agent_id>, …;",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "scmi-secondary-agents = <", "xen,scmi-agents = <"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.container and index.container.listing is None:
        yield Finding(
            message=f"{index.container.path} has no scmi-secondary-agents: no agents to collect",
            span=place_in(index.host.tree, index.container.path, SECONDARY_AGENTS, index.container.span),
            fix=rename_like(index.host.tree.node(index.container.path), SECONDARY_AGENTS) if index.host.tree else None,
        )
