"""XS101 no-container."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View, multi_agent
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    host = view.host
    if host.tree is None or host.containers:
        return
    asking = [domain for domain in host.domains if multi_agent(domain)]
    yield Finding(
        message="no Xen container: the host tree has no node compatible with xen,sci",
        span=host.tree.root.span,
        related=also("asks for an SCMI agent", *(domain.sci_type.span for domain in asking if domain.sci_type)),
        severity=None if asking else Severity.INFO,
    )


RULE = HostRule(
    code="XS101",
    name="no-container",
    severity=Severity.ERROR,
    summary="The host tree does not tell Xen about SCMI agents.",
    then="Xen gives SCMI to nobody",
    xen="Xen's mediator binds to nothing and says nothing; domains that ask for an agent run without SCMI.",
    mend='add the container under /chosen: compatible = "xen,sci", the list of agents and Xen\'s own scmi node',
    check=_check,
    bad=(Change("host.dts", 'compatible = "xen,sci";', 'compatible = "xen,scmi";'),),
)
