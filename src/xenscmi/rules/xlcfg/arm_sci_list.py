"""XS010 arm-sci-list."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import ARM_SCI, Configuration
from xenscmi.rules.rule import Change, FileRule, Finding
from xenscmi.xlcfg import StringValue


def _check(configuration: Configuration) -> Iterator[Finding]:
    setting = configuration.settings.get(ARM_SCI) if configuration.settings else None
    if setting and not isinstance(setting.value, StringValue):
        yield Finding(message="arm_sci is a list, xl wants a string", span=setting.value.span)


RULE = FileRule(
    code="XS010",
    name="arm-sci-list",
    severity=Severity.ERROR,
    summary="arm_sci is written as a list.",
    then="xl goes on without it",
    xen="xl ignores it, here even without its usual warning: the domain runs without SCMI.",
    mend='write a string: arm_sci = "type=scmi_smc_multiagent,agent_id=N"',
    check=_check,
    bad=(
        Change(
            "guest.cfg",
            '"type=scmi_smc_multiagent,agent_id=4"',
            '[ "type=scmi_smc_multiagent", "agent_id=4" ]',
        ),
        Change("guest.dts", 'compatible = "arm,scmi-smc";', 'compatible = "arm,scmi";'),
    ),
)
