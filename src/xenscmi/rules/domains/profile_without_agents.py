"""XS220 profile-without-agents."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.domctl.profiles import PROFILES
from xenscmi.host.index import Index, multi_agent
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Finding, HostRule

RULE = HostRule(
    code="XS220",
    name="profile-without-agents",
    severity=Severity.ERROR,
    summary="A domain asks for an agent, but this Xen's createdomain cannot pass one.",
    then="`xl create` fails",
    xen="This Xen's hypercall has no field for the agent id; a Xen without the series refuses the type (-EINVAL).",
    fix="use a Xen with the multi-agent series, and name it in host.toml: [xen] profile",
    xen_profile="4.22",
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    profile = PROFILES.get(index.host.xen_profile or "")
    if profile is None or profile.agent_ids:
        return
    for domain in index.host.domains:
        if domain.kind is DomainKind.TOOLSTACK and multi_agent(domain) and domain.sci_type:
            yield Finding(
                message=f"domain {domain.name} has the multi-agent type, but Xen {profile.name} takes no agent id",
                span=domain.sci_type.span,
            )
