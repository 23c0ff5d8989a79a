"""XS201 duplicate-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import HostDomain, Stated
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also

EEXIST = 17

RULE = HostRule(
    code="XS201",
    name="duplicate-agent-id",
    severity=Severity.ERROR,
    summary="Two domains ask for the same agent.",
    xen='Xen refuses the second one: "scmi: Failed to acquire SCMI channel for agent_id …: -17". For a dom0less domain '
    "it panics at boot.",
    fix="give every domain its own agent",
    bad=(
        Change("host.dts", "xen,sci-agent-id = <3>;", "xen,sci-agent-id = <2>;"),
        Change("panel.dts", "0x47ff3000", "0x47ff2000"),
        Change("panel.dts", "0x82000005", "0x82000004"),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    first: dict[int | None, tuple[HostDomain, Stated[int]]] = {}
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if wanted is None:
            continue
        other, claim = first.setdefault(wanted.value, (domain, wanted))
        if other is not domain:
            yield Finding(
                message=f"{domain.title} and {other.title} both ask for agent {wanted.value}: "
                + refusal(domain, EEXIST),
                span=wanted.span,
                related=also("first claimed here", claim.span),
            )
