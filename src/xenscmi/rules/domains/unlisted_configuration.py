"""XS227 unlisted-configuration."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.toolstack import domain_of
from xenscmi.rules.phrases import refusal
from xenscmi.rules.rule import Change, Finding, HostRule, also

EEXIST = 17

RULE = HostRule(
    code="XS227",
    name="unlisted-configuration",
    severity=Severity.INFO,
    summary="An xl.cfg file is next to host.toml, but no [[domain]] names it.",
    xen="Xen is not affected as long as nobody creates the domain. If it has the agent of another domain, Xen refuses "
    "whichever is created second (-17).",
    fix='add it to host.toml: [[domain]] config = "FILE"; or move it out of the folder',
    bad=(Change("unlisted.cfg", "", 'name = "spare"\nmemory = 64\nkernel = "/boot/Image"\n'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    owners = {wanted.value: each for each in index.host.domains if (wanted := wanted_agent(each))}
    for configuration in index.host.unlisted:
        domain = domain_of(configuration)
        name = configuration.settings.get("name") if configuration.settings else None
        wanted = wanted_agent(domain) if domain else None
        taken = owners.get(wanted.value) if wanted else None
        if domain is None or wanted is None or taken is None:
            yield Finding(
                message="no [[domain]] names this file: its domain is not checked",
                span=name.value.span if name else None,
            )
            continue
        claim = taken.agent_id
        yield Finding(
            message=f"no [[domain]] names this file, and {domain.title} asks for agent {wanted.value} of "
            f"{taken.title}: {refusal(domain, EEXIST)}",
            span=wanted.span,
            related=also("first claimed here", claim.span if claim else None),
            severity=Severity.ERROR,
            then="",
        )
