"""XS007 no-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import MULTI_AGENT, Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

RULE = FileRule(
    code="XS007",
    name="no-agent-id",
    severity=Severity.ERROR,
    summary="A domain with the multi-agent type has no agent id.",
    then="xl uses agent 0",
    xen="xl does not complain and passes 0. Xen refuses agent 0 if it is not listed (-2) or is dom0's (-17); otherwise "
    "the domain gets it.",
    fix='write arm_sci = "type=scmi_smc_multiagent,agent_id=N"',
    bad=(
        Change("guest.cfg", ",agent_id=4", ""),
        Change("guest.cfg", "47ff4,1@22001", "47ff5,1@22001"),
        Change("guest.dts", "0x82000006", "0x82000007"),
        Change("host.dts", "0x82000007 &page_5 5", "0x82000007 &page_5 0"),
    ),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    parts = configuration.arm_sci
    types = [part for part in parts if part.key == "type"]
    if types and types[-1].value == MULTI_AGENT and not any(part.key == "agent_id" for part in parts):
        yield Finding(message=f"arm_sci has type={MULTI_AGENT} but no agent_id", span=types[-1].span)
