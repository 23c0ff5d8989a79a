"""XS211 parameter-transport."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SMC, SCMI_SMC_PARAM
from xenscmi.devicetree.tree import Property
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, guest_channel, wanted_agent
from xenscmi.host.types import HostDomain, ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS211",
    name="parameter-transport",
    severity=Severity.ERROR,
    summary="A domain uses the SMC transport that passes the page's address as a parameter.",
    xen="Xen forwards the registers unchanged: the firmware gets a guest address, which means nothing to it.",
    fix='use compatible = "arm,scmi-smc" and the function id of the agent',
    fixable=(Safety.SAFE,),
    bad=(Change("panel.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi-smc-param";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        node = index.dom0_channel if domain is index.dom0 else guest_channel(domain)
        if node and wanted_agent(domain) and node.compatible != SCMI_SMC:
            yield Finding(
                message=f"{node.path} of {domain.title} is {node.compatible}: "
                "it passes the page's address in the call, which Xen forwards untranslated",
                span=node.span,
                fix=safe_fix(
                    f'Write compatible = "{SCMI_SMC}"',
                    dts.string(_compatible(index, domain, node), SCMI_SMC_PARAM, SCMI_SMC),
                ),
            )


def _compatible(index: Index, domain: HostDomain, scmi: ScmiNode) -> Property | None:
    tree = index.host.tree if domain is index.dom0 else domain.tree.tree if domain.tree else None
    node = tree.node(scmi.path) if tree else None
    return node.get("compatible") if node else None
