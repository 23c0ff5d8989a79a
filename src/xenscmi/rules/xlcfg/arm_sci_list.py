"""XS010 arm-sci-list."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import ARM_SCI, Configuration
from xenscmi.rules.rule import Change, FileRule, Finding
from xenscmi.xlcfg import StringValue

RULE = FileRule(
    code="XS010",
    name="arm-sci-list",
    severity=Severity.ERROR,
    summary="arm_sci is written as a list.",
    then="xl ignores it",
    xen="xl ignores it, without its usual warning: the domain runs without SCMI.",
    fix='write a string: arm_sci = "type=scmi_smc_multiagent,agent_id=N"',
    bad=(
        Change(
            "guest.cfg",
            '"type=scmi_smc_multiagent,agent_id=4"',
            '[ "type=scmi_smc_multiagent", "agent_id=4" ]',
        ),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    setting = configuration.settings.get(ARM_SCI) if configuration.settings else None
    if setting and not isinstance(setting.value, StringValue):
        yield Finding(message="arm_sci is a list; xl expects a string", span=setting.value.span)
