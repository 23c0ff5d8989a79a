"""XS401 missing-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_AGENT_ID
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index, multi_agent
from xenscmi.host.types import HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import boot_node, described_agent
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS401",
    name="missing-agent-id",
    severity=Severity.ERROR,
    summary="A dom0less domain of the multi-agent type has no agent id.",
    then='Xen panics: "Error getting SCI configuration"',
    xen='Xen panics at boot: "Error getting SCI configuration".',
    fix="add xen,sci-agent-id = <…>; with an agent of the list",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "\t\t\txen,sci-agent-id = <3>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.host.reads_sci_type else ():
        if not domain.has_node or not multi_agent(domain) or domain.sci_type is None:
            continue
        if domain.agent_id is None or domain.agent_property != SCI_AGENT_ID:
            yield Finding(
                message=f"domain {domain.name} has no {SCI_AGENT_ID}",
                span=domain.sci_type.span,
                fix=_add(index, domain),
            )
        elif domain.agent_id.value is None:
            yield Finding(message=f"{SCI_AGENT_ID} of domain {domain.name} is not a cell", span=domain.agent_id.span)


def _add(index: Index, domain: HostDomain) -> Fix | None:
    """Return the property: under another spelling it is there, or the domain's own files show the agent."""
    node = boot_node(index, domain) if index.container else None  # of an older dialect, all is to be rewritten
    agent_id = described_agent(index, domain)
    statement = f"{SCI_AGENT_ID} = <{agent_id}>;"
    added = dts.insert(node, statement) if node and agent_id is not None else None
    return rename_like(node, SCI_AGENT_ID) or safe_fix(f"Add {statement}", added)
