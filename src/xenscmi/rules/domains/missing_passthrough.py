"""XS223 missing-passthrough."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS223",
    name="missing-passthrough",
    severity=Severity.ERROR,
    summary="The partial device tree of a toolstack domain has no /passthrough node.",
    then="`xl create` fails",
    xen="libxl copies this node and fails without it. For dom0less domains, Xen copies what there is.",
    fix="put the devices and the scmi node below /passthrough",
    bad=(
        Change("guest.cfg", 'arm_sci = "type=scmi_smc_multiagent,agent_id=4"\n', ""),
        Change("guest.dts", "\tpassthrough {", "\tpass {"),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.TOOLSTACK and domain.tree and not domain.tree.has_passthrough:
            yield Finding(
                message=f'Can\'t copy the node "/passthrough" from the partial FDT of {domain.title}: there is none',
                span=domain.tree.span,
                related=also("named here", domain.tree_file.span if domain.tree_file else None),
            )
