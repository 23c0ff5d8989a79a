"""XS201 duplicate-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import HostDomain, Stated
from xenscmi.rules.editing.agents import ask_for_described
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
    fixable=(Safety.SAFE,),
    bad=(
        Change("host.dts", "xen,sci-agent-id = <3>;", "xen,sci-agent-id = <2>;"),
        Change("panel.dts", "0x47ff3000", "0x47ff2000"),
        Change("panel.dts", "0x82000005", "0x82000004"),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    claims: dict[int | None, list[tuple[HostDomain, Stated[int]]]] = {}
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if wanted is not None:
            claims.setdefault(wanted.value, []).append((domain, wanted))
    for number, claimants in claims.items():
        # The domain whose own tree describes this agent's channel has it by right; else the first one.
        owner, claim = next((each for each in claimants if _describes_it(index, each[0])), claimants[0])
        for domain, wanted in claimants:
            if domain is not owner:
                second = max(domain, owner, key=index.host.domains.index)
                yield Finding(
                    message=f"{domain.title} and {owner.title} both ask for agent {number}: {refusal(second, EEXIST)}",
                    span=wanted.span,
                    related=also("the other claim", claim.span),
                    fix=ask_for_described(index, domain),
                )


def _describes_it(index: Index, domain: HostDomain) -> bool:
    row = index.channel(domain)
    return row is not None and index.described_row(domain) is row
