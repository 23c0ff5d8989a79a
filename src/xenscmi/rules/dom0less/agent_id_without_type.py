"""XS404 agent-id-without-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_TYPE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import Index
from xenscmi.host.types import HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import boot_node, described_agent
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, fix_if

RULE = HostRule(
    code="XS404",
    name="agent-id-without-type",
    severity=Severity.WARNING,
    summary="A dom0less domain has an agent id but not the multi-agent type.",
    then="Xen gives the domain no SCMI",
    xen="Xen does not read the agent id then: the domain silently runs without SCMI.",
    fix='add xen,sci_type = "scmi_smc_multiagent";',
    fixable=(Safety.SAFE, Safety.UNSAFE),
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
                fix=_add(index, domain),
            )


def _add(index: Index, domain: HostDomain) -> Fix | None:
    """Return the type that gives the domain its agent: safe if its own files describe it, and no type is said."""
    node = boot_node(index, domain)
    if node is None:
        return None
    statement = f'{SCI_TYPE} = "{MULTI_AGENT}";'
    stated = node.get(SCI_TYPE)
    edit = dts.string(stated, "none", MULTI_AGENT) if stated else dts.insert(node, statement)
    described = domain.agent_id is not None and described_agent(index, domain) == domain.agent_id.value
    certain = described and stated is None
    return rename_like(node, SCI_TYPE) or fix_if(certain, f"Write {statement}", edit)
