"""XS216 single-agent-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_AGENT_ID, SCI_TYPE
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.domctl.releases import SCI_WITHOUT_DRIVER
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.editing.agents import boot_node, described_agent
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

SINGLE_AGENT = "scmi_smc"
EINVAL = 22

RULE = HostRule(
    code="XS216",
    name="single-agent-type",
    severity=Severity.ERROR,
    summary="A domain asks for the single-agent driver on a host with several agents.",
    xen="A Xen has one of the two drivers. The multi-agent driver refuses the type (-EINVAL): for a dom0less domain "
    "Xen panics at boot; `xl create` fails.",
    fix='use scmi_smc_multiagent with an agent id, or "none"',
    fixable=(Safety.SAFE,),
    bad=(
        Change(
            "host.dts",
            'xen,sci_type = "scmi_smc_multiagent";\n\t\t\txen,sci-agent-id = <3>;',
            'xen,sci_type = "scmi_smc";',
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host, container = index.host, index.container
    for domain in host.domains if container and host.driver is ArmSciType.SCMI_SMC_MULTIAGENT else ():
        if domain.sci_type and domain.sci_type.value == SINGLE_AGENT:
            reads = domain.has_node and SCI_WITHOUT_DRIVER.is_in(host.xen.release)
            then = 'Xen panics: "Error getting SCI configuration"' if reads else refusal(domain, EINVAL)
            yield Finding(
                message=f"{domain.title} is of type {SINGLE_AGENT} on a host with several agents: {then}",
                span=domain.sci_type.span,
                related=also("the host's agents", container.span if container else None),
                fix=_fix(index, domain),
            )


def _fix(index: Index, domain: HostDomain) -> Fix | None:
    """Return the type for several agents, with the agent that the domain's own files describe."""
    agent_id = described_agent(index, domain)
    if agent_id is None:
        return None
    title = f"Ask for agent {agent_id} as {MULTI_AGENT}"
    if domain.kind is DomainKind.TOOLSTACK:
        parts = domain.configuration.arm_sci if domain.configuration else ()
        part = next((each for each in parts if each.key == "type"), None)
        stated = next((each.value for each in parts if each.key == "agent_id"), None)
        if part is None or stated not in (None, str(agent_id)):
            return None
        text = f"type={MULTI_AGENT}" if stated else f"type={MULTI_AGENT},agent_id={agent_id}"
        return safe_fix(title, xlcfg.replace(part.span, part.text, text))
    node = boot_node(index, domain)
    stated_id = domain.agent_id.value if domain.agent_id else None
    if node is None or stated_id not in (None, agent_id):
        return None
    edits = [dts.string(node.get(SCI_TYPE), SINGLE_AGENT, MULTI_AGENT)]
    if domain.agent_id is None:
        edits.append(dts.insert(node, f"{SCI_AGENT_ID} = <{agent_id}>;"))
    return safe_fix(title, *edits)
