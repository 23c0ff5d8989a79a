"""XS009 agent-id-unused."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import MULTI_AGENT, Configuration
from xenscmi.rules.rule import Change, FileRule, Finding, also


def _check(configuration: Configuration) -> Iterator[Finding]:
    types = [part for part in configuration.arm_sci if part.key == "type"]
    said = types[-1].value if types else "none"
    for part in configuration.arm_sci:
        if part.key == "agent_id" and said != MULTI_AGENT:
            yield Finding(
                message=f"agent_id={part.value} has no effect with type={said}"
                if types
                else f"agent_id={part.value} has no effect: there is no type",
                span=part.span,
                related=also("the type", types[-1].span if types else None),
            )


RULE = FileRule(
    code="XS009",
    name="agent-id-unused",
    severity=Severity.WARNING,
    summary="arm_sci has an agent id but not the multi-agent type.",
    then="the domain gets no agent",
    xen="libxl passes the agent id with the multi-agent type only. The domain runs without SCMI, without a word.",
    mend="write type=scmi_smc_multiagent",
    check=_check,
    bad=(
        Change("guest.cfg", "type=scmi_smc_multiagent,agent_id=4", "type=none,agent_id=4"),
        Change("guest.cfg", 'device_tree = "/boot/guest.dtb"\n', ""),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)
