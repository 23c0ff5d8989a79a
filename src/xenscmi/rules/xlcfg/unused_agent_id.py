"""XS009 unused-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.configuration import MULTI_AGENT, Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, also, unsafe_fix

RULE = FileRule(
    code="XS009",
    name="unused-agent-id",
    severity=Severity.WARNING,
    summary="arm_sci has an agent id without the multi-agent type.",
    then="the domain gets no agent",
    xen="libxl passes the agent id only with the multi-agent type. The domain silently runs without SCMI.",
    fix="write type=scmi_smc_multiagent",
    fixable=(Safety.UNSAFE,),
    bad=(
        Change("guest.cfg", "type=scmi_smc_multiagent,agent_id=4", "type=none,agent_id=4"),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    types = [part for part in configuration.arm_sci if part.key == "type"]
    said = types[-1].value if types else "none"
    for part in configuration.arm_sci:
        if part.key == "agent_id" and said != MULTI_AGENT:
            yield Finding(
                message=f"agent_id={part.value} has no effect with type={said}"
                if types
                else f"agent_id={part.value} has no effect without a type",
                span=part.span,
                related=also("the type", types[-1].span if types else None),
                fix=unsafe_fix(
                    f"Ask for the agent with type={MULTI_AGENT}",
                    xlcfg.replace(types[-1].span, types[-1].text, f"type={MULTI_AGENT}")
                    if types
                    else xlcfg.replace(part.span, part.text, f"type={MULTI_AGENT},{part.text}"),
                ),
            )
