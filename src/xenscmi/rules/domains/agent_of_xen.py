"""XS202 agent-of-xen."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.rules.editing.agents import ask_for_described
from xenscmi.rules.example import FIRMWARE
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also

EEXIST = 17

RULE = HostRule(
    code="XS202",
    name="agent-of-xen",
    severity=Severity.ERROR,
    summary="A domain asks for Xen's own agent.",
    xen='Xen refuses it: "scmi: Failed to acquire SCMI channel for agent_id …: -17". For a dom0less domain it '
    "panics at boot.",
    fix="ask for an agent of the list",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "xen,sci-agent-id = <3>;", "xen,sci-agent-id = <1>;"),),
    firmware=FIRMWARE,
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if wanted and wanted.value == index.xen_agent_id and own and own.func_id:
            yield Finding(
                message=f"{domain.title} asks for agent {wanted.value}, which is Xen's own: " + refusal(domain, EEXIST),
                span=wanted.span,
                fix=ask_for_described(index, domain),
                related=also("Xen's own channel", own.func_id.span),
            )
