"""XS006 overlooked-arm-sci."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

_KEYS = ("type", "agent_id")


def _check(configuration: Configuration) -> Iterator[Finding]:
    for part in configuration.arm_sci:
        if part.key is None:
            yield Finding(
                message=f'arm_sci: "{part.text}" is overlooked: {_reason(part.text)}',
                span=part.span,
            )


def _reason(text: str) -> str:
    name, equals, _ = text.partition("=")
    if name.strip() in _KEYS and equals:
        return "a part must begin with its key, without a blank" if name != name.strip() else "no blank before the ="
    if name.strip() in _KEYS:
        return "it has no value"
    from difflib import get_close_matches

    nearest = get_close_matches(name.strip(), _KEYS, 1)
    return f"did you mean {nearest[0]}=…?" if nearest else "only type=… and agent_id=… are known"


RULE = FileRule(
    code="XS006",
    name="overlooked-arm-sci",
    severity=Severity.ERROR,
    summary="A part of arm_sci is not what xl looks for: a blank after the comma, a misspelt key, no `=`.",
    then="xl goes on without it",
    xen="xl compares the parts literally and ignores the others without a word. After `type=scmi_smc_multiagent, "
    "agent_id=2` the agent id is 0: the domain asks for another's agent.",
    mend='write arm_sci = "type=scmi_smc_multiagent,agent_id=N", without blanks',
    check=_check,
    bad=(Change("guest.cfg", ',agent_id=4"', ',agent_id=4,name=guest"'),),
)
