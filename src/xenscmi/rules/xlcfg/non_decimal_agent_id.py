"""XS008 non-decimal-agent-id."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.config.constants import INVALID_AGENT_ID
from xenscmi.config.options.arm import SciPart
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, safe_fix

_NUMBER = re.compile(r"\s*\+?(?:0[xX](?P<hex>[0-9a-fA-F]{1,8})|0*(?P<decimal>\d{1,8}))\s*", re.ASCII)

RULE = FileRule(
    code="XS008",
    name="non-decimal-agent-id",
    severity=Severity.ERROR,
    summary="The agent id of arm_sci is not written as a plain decimal number.",
    xen="xl reads decimal digits and ignores what follows: 0x3 is agent 0, 2b is agent 2.",
    fix="write the agent id in decimal: 0 to 254",
    fixable=(Safety.SAFE,),
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
                fix=_fix(part),
            )


def _fix(part: SciPart) -> Fix | None:
    """Return the same number in decimal; what is not a number is for a person to read."""
    number = _NUMBER.fullmatch(part.value)
    agent_id = int(number["hex"], 16) if number and number["hex"] else int(number["decimal"]) if number else None
    if agent_id is None or agent_id >= INVALID_AGENT_ID:
        return None
    return safe_fix(f"Write agent_id={agent_id}", xlcfg.replace(part.span, part.text, f"agent_id={agent_id}"))


def _read_as(configuration: Configuration) -> str:
    parsed = configuration.parsed
    return f": xl reads {parsed.config.b_info.arch_arm.arm_sci.agent_id}" if parsed else ""
