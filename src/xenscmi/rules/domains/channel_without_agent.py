"""XS218 channel-without-agent."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import CHOSEN, SCI_AGENT_ID, SCI_TYPE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import Index, guest_channel, multi_agent
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.editing.agents import boot_node, described_agent, settings_of
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix
from xenscmi.source import Span

RULE = HostRule(
    code="XS218",
    name="channel-without-agent",
    severity=Severity.ERROR,
    summary="A domain's partial tree has an scmi node, but the domain has no agent.",
    then="Xen does not forward its calls; they return -1",
    xen='Xen forwards no call of such a domain: the guest gets -1, and Xen logs "Unhandled SMC/HVC: 0x…".',
    fix='give the domain an agent: arm_sci = "type=scmi_smc_multiagent,agent_id=…", or xen,sci_type and '
    "xen,sci-agent-id; or remove the scmi node",
    fixable=(Safety.UNSAFE,),
    bad=(Change("host.dts", '\t\t\txen,sci_type = "scmi_smc_multiagent";\n\t\t\txen,sci-agent-id = <3>;\n', ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains if index.container else ():
        node = guest_channel(domain)
        plain = domain.sci_type is None or domain.sci_type.value == "none"
        if node and plain and not multi_agent(domain) and domain.kind is not DomainKind.DOM0:
            yield Finding(
                message=f"the partial tree of {domain.title} has an scmi node, but the domain asks for no agent",
                span=domain.sci_type.span if domain.sci_type else _place_of_type(index, domain),
                related=also("the scmi node", node.span),
                fix=_give(index, domain),
            )


def _place_of_type(index: Index, domain: HostDomain) -> Span:
    """Return where a domain's type should stand."""
    if domain.kind is not DomainKind.DOM0LESS:
        return domain.span
    return place_in(index.host.tree, f"{CHOSEN}/{domain.name}", SCI_TYPE, domain.span)


def _give(index: Index, domain: HostDomain) -> Fix | None:
    """Return the agent that the domain's own files describe; whether it should have one is for a person to say."""
    agent_id = described_agent(index, domain)
    if agent_id is None or domain.sci_type is not None:
        return None
    title = f"Give the domain agent {agent_id}"
    settings = settings_of(domain)
    if settings is not None:
        text = xlcfg.quoted(f"type={MULTI_AGENT},agent_id={agent_id}", settings)
        return unsafe_fix(title, xlcfg.add(settings, "kernel", f"arm_sci = {text}"))
    node = boot_node(index, domain)
    if node is None:
        return None
    return unsafe_fix(title, dts.insert(node, f'{SCI_TYPE} = "{MULTI_AGENT}";', f"{SCI_AGENT_ID} = <{agent_id}>;"))
