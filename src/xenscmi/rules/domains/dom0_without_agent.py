"""XS215 dom0-without-agent."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import DOM0_AGENT_ID, FIRMWARE_SCMI, SCI_AGENT_ID, SCI_TYPE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import MULTI_AGENT
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import Container, HostDomain, ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.agents import described_agent
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.misspelling import place_in
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS215",
    name="dom0-without-agent",
    severity=Severity.WARNING,
    summary="The host tree has an scmi node for dom0, but dom0 has no agent.",
    xen="Xen removes /firmware/scmi and the shared memory from dom0's tree and grants dom0 no device: dom0's devices "
    "with SCMI clocks, resets or power domains do not work.",
    fix="add xen,dom0-sci-agent-id = <…> to the container, unless dom0 is meant to have no SCMI",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("host.dts", "\t\t\t\txen,dom0-sci-agent-id = <2>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    dom0, node = index.dom0, index.dom0_channel
    if index.container is None or dom0 is None or wanted_agent(dom0) is not None:
        return
    if not dom0.is_dom0:
        yield from _of_hardware_domain(dom0, node)
    elif dom0.agent_id is not None:
        said = "not a cell" if dom0.agent_id.value is None else str(dom0.agent_id.value)
        yield Finding(
            message=f"Invalid xen,dom0-sci-agent-id={said}, SCMI disabled for Dom0",
            span=dom0.agent_id.span,
            related=also("dom0 loses this node", node.span if node else None),
        )
    elif node is not None:
        what = "is removed from its tree" if node.path == FIRMWARE_SCMI else "stays in its tree without its page"
        yield Finding(
            message=f"dom0 has no agent: {node.path} {what}",
            span=place_in(index.host.tree, index.container.path, DOM0_AGENT_ID, index.container.span),
            related=also("dom0's scmi node", node.span),
            fix=_add(index, dom0, index.container),
        )


def _of_hardware_domain(domain: HostDomain, node: ScmiNode | None) -> Iterator[Finding]:
    """Yield that the node in dom0's place asks for no agent; one that does so wrongly is XS401's, XS402's, XS403's."""
    if node is not None and domain.agent_id is None and domain.sci_type is None:
        yield Finding(
            message=f"{domain.title} has no agent: {node.path} is removed from its tree",
            span=domain.span,
            related=also("its scmi node, as dom0 would have it", node.span),
            help=f'add {SCI_TYPE} = "{MULTI_AGENT}"; and {SCI_AGENT_ID} = <…>; to its node, unless it is meant to have '
            f"no SCMI; {DOM0_AGENT_ID} is for dom0 alone",
        )


def _add(index: Index, dom0: HostDomain, container: Container) -> Fix | None:
    """Return the property: under another spelling it is there, or dom0's node shows the agent."""
    node = index.host.tree.node(container.path) if index.host.tree else None
    agent_id = described_agent(index, dom0)
    statement = f"{DOM0_AGENT_ID} = <{agent_id}>;"
    added = dts.insert(node, statement) if node and agent_id is not None else None
    return rename_like(node, DOM0_AGENT_ID) or unsafe_fix(f"Add {statement}", added)
