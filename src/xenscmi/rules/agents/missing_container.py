"""XS101 missing-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import DOM0_AGENT_ID, SECONDARY_AGENTS, XEN_SCI
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, multi_agent
from xenscmi.host.scmi_nodes import with_property
from xenscmi.rules.editing.meaning import make_compatible
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS101",
    name="missing-container",
    severity=Severity.ERROR,
    summary="The host tree does not tell Xen about SCMI agents.",
    then="Xen gives no domain SCMI",
    xen="Xen's mediator binds to nothing and logs nothing; domains that ask for an agent run without SCMI.",
    fix='add the container under /chosen: compatible = "xen,sci", the list of agents and Xen\'s own scmi node',
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", 'compatible = "xen,sci";', 'compatible = "xen,scmi";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    host = index.host
    if host.tree is None or host.containers:
        return
    asking = [domain for domain in host.domains if multi_agent(domain)]
    misnamed = with_property(host.tree.root, SECONDARY_AGENTS, DOM0_AGENT_ID)
    message = "no Xen container: the host tree has no node compatible with xen,sci"
    yield Finding(
        message=f"{message}; {misnamed.path} is not" if misnamed else message,
        span=(misnamed or host.tree.root).span,
        related=also("asks for an SCMI agent", *(domain.sci_type.span for domain in asking if domain.sci_type)),
        severity=None if asking or misnamed else Severity.INFO,
        fix=make_compatible(misnamed, XEN_SCI),
    )
