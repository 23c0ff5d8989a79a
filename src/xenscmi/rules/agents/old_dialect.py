"""XS103 old-dialect."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCI_AGENT_ID
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import Dialect
from xenscmi.rules.rule import Change, Finding, HostRule, also

_SAYS = {
    Dialect.CONTAINER_V7: "dom0's agent is on Xen's command line, as in v6 and v7 of the series",
    Dialect.CONFIG_NODE: "/chosen/xen,config is the form of v5 of the series",
    Dialect.CHOSEN_PROPERTY: "xen,scmi-secondary-agents in /chosen is the form of v4 of the series",
    Dialect.EPAM: "epam,secondary-agents is the form of EPAM's first driver",
    Dialect.DEVICE_IDS: "scmi_devid on devices, without a list of agents, is the form of EPAM's RFC (R-Car)",
}

RULE = HostRule(
    code="XS103",
    name="old-dialect",
    severity=Severity.ERROR,
    summary="The agents are described in a form that only older versions of the series read.",
    then="a current Xen gives the domains concerned no SCMI",
    xen="A current Xen ignores it silently: the domains concerned get no SCMI.",
    fix="rewrite it in the current form: xenscmi convert HOST -o DIR writes overlays that do it",
    bad=(
        Change("host.dts", "xen,dom0-sci-agent-id = <2>;", ""),
        Change("host.dts", "console=dtuart dom0_mem=512M", "console=dtuart dom0_mem=512M dom0=sci-agent-id=2"),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    used = index.container
    for container in index.host.containers:
        if container.dialect not in _SAYS:
            continue
        by_command_line = container.dialect is Dialect.CONTAINER_V7 and container.dom0_agent
        if used is not None and not by_command_line:
            yield Finding(
                message=f"{_SAYS[container.dialect]}; it is left over: Xen reads {used.path} instead",
                span=container.span,
                severity=Severity.INFO,
                help="delete it",
            )
            continue
        yield Finding(
            message=f"{_SAYS[container.dialect]}; Xen does not read it since v8",
            span=by_command_line.span if by_command_line else container.span,
            related=also("the container", container.span) if by_command_line else (),
        )
    for domain in index.host.domains:
        for stated in domain.outdated:
            left_over = wanted_agent(domain) is not None and domain.agent_property == SCI_AGENT_ID
            severity = Severity.WARNING if wanted_agent(domain) else None
            yield Finding(
                message=f"{stated.value} of {domain.title} is an older form; Xen does not read it since v8",
                span=stated.span,
                severity=Severity.INFO if left_over else severity,
                help=f"delete it: {SCI_AGENT_ID} says it" if left_over else "write xen,sci_type and xen,sci-agent-id",
            )
