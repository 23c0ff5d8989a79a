"""XS209 missing-scmi-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SMC, SMC_ID
from xenscmi.devicetree.tree import Property
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, guest_channel, wanted_agent
from xenscmi.host.scmi_nodes import with_property
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import make_compatible
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS209",
    name="missing-scmi-node",
    severity=Severity.ERROR,
    summary="A domain has an agent, but its device tree has no scmi node.",
    then="nothing adds one, and the domain does not find its channel",
    xen="Neither Xen nor libxl adds the node. The guest does not know that it has a channel.",
    fix="add an arm,scmi-smc node and the page's arm,scmi-shmem node below /passthrough of the partial tree",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("panel.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if domain.kind is DomainKind.DOM0 or wanted is None:
            continue
        name, node = domain.title, guest_channel(domain)
        if domain.tree is None and domain.tree_file is None:
            yield Finding(
                message=f"{name} has an agent but no partial device tree that describes the channel",
                span=wanted.span,
            )
        elif domain.tree and not domain.tree.scmi_nodes:
            misnamed = with_property(domain.tree.tree.root, SMC_ID)
            message = f"the partial tree of {name} has no arm,scmi-smc node"
            yield Finding(
                message=f"{message}; {misnamed.path} is not one" if misnamed else message,
                span=misnamed.span if misnamed else domain.tree.span,
                related=also("the domain's agent", wanted.span),
                fix=make_compatible(misnamed, SCMI_SMC),
            )
        elif node and not node.available:
            yield Finding(
                message=f"{node.path} of {name} is disabled",
                span=node.span,
                then="the guest's driver does not probe",
                fix=unsafe_fix("Remove the status", dts.remove(_status(domain, node.path))),
            )


def _status(domain: HostDomain, path: str) -> Property | None:
    node = domain.tree.tree.node(path) if domain.tree else None
    return node.get("status") if node else None
