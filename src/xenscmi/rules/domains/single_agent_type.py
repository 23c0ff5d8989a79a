"""XS216 single-agent-type."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Severity
from xenscmi.domctl.releases import SCI_WITHOUT_DRIVER
from xenscmi.host.index import Index
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also

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
            )
