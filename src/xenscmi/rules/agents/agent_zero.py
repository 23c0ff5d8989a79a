"""XS128 agent-zero."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS128",
    name="agent-zero",
    severity=Severity.INFO,
    summary="A domain has agent 0.",
    xen="Xen has accepted it since v10 of the series, whose own examples give it to dom0. The specification reserves "
    "agent 0 for the platform (DEN0056, agent identifiers), and EPAM's firmware trusts only agent 0.",
    fix="number the domains' agents from 1, if the firmware allows it",
    bad=(
        Change("host.dts", "0x82000004 &page_2 2", "0x82000004 &page_2 0"),
        Change("host.dts", "xen,dom0-sci-agent-id = <2>;", "xen,dom0-sci-agent-id = <0>;"),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        wanted = wanted_agent(domain)
        if wanted and wanted.value == 0 and not wanted.problem:
            yield Finding(message=f"{domain.title} is agent 0, which SCMI reserves for the platform", span=wanted.span)
