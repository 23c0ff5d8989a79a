"""XS201 duplicate-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Domain, Stated
from xenscmi.host.view import View, wanted_agent
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
def check(view: View) -> Iterator[Finding]:
    first: dict[int | None, tuple[Domain, Stated[int]]] = {}
    for domain in view.host.domains:
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
