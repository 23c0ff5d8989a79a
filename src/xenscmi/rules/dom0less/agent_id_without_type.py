"""XS404 agent-id-without-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS404",
    name="agent-id-without-type",
    severity=Severity.WARNING,
    summary="A dom0less domain has an agent id but not the multi-agent type.",
    then="Xen gives the domain no SCMI",
    xen="Xen does not read the agent id then: the domain silently runs without SCMI.",
    fix='add xen,sci_type = "scmi_smc_multiagent";',
    bad=(
        Change("host.dts", '\t\t\txen,sci_type = "scmi_smc_multiagent";\n', ""),
        Change("panel.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.host.reads_sci_type else ():
        ignored = domain.sci_type is None or domain.sci_type.value == "none"
        if domain.has_node and domain.agent_id and ignored:
            why = "there is no xen,sci_type" if domain.sci_type is None else 'xen,sci_type is "none"'
            yield Finding(
                message=f"{domain.agent_property} of domain {domain.name} has no effect: {why}",
                span=domain.agent_id.span,
            )
