"""XS008 non-decimal-agent-id."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

RULE = FileRule(
    code="XS008",
    name="non-decimal-agent-id",
    severity=Severity.ERROR,
    summary="The agent id of arm_sci is not written as a plain decimal number.",
    xen="xl reads decimal digits and ignores what follows: 0x3 is agent 0, 2b is agent 2.",
    fix="write the agent id in decimal: 0 to 254",
    bad=(Change("guest.cfg", "agent_id=4", "agent_id=04"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for part in configuration.arm_sci:
        plain = part.value.isascii() and part.value.isdecimal() and (part.value == "0" or part.value[:1] != "0")
        if part.key == "agent_id" and not plain:
            yield Finding(
                message=f'agent_id="{part.value}" is not a plain decimal number{_read_as(configuration)}',
                span=part.span,
            )


def _read_as(configuration: Configuration) -> str:
    parsed = configuration.parsed
    return f": xl reads {parsed.config.b_info.arch_arm.arm_sci.agent_id}" if parsed else ""
