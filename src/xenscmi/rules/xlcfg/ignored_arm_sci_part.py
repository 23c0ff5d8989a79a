"""XS006 ignored-arm-sci-part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.config.options.arm import SciPart
from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, safe_fix
from xenscmi.spelling import nearest

_KEYS = ("type", "agent_id")
_TYPES = tuple(each.text for each in ArmSciType)

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")  # non-decimal-agent-id

EPAM = ("scmi_smc", "none")

RULE = FileRule(
    code="XS006",
    name="ignored-arm-sci-part",
    severity=Severity.ERROR,
    summary="xl ignores a part of arm_sci: it has a space after the comma, a misspelt key, or no `=`.",
    then="xl continues without it",
    xen="xl compares the parts literally and silently ignores all others. With `type=scmi_smc_multiagent, agent_id=2` "
    "the agent id is 0: the domain asks for another domain's agent.",
    fix='write arm_sci = "type=scmi_smc_multiagent,agent_id=N", without spaces',
    fixable=(Safety.SAFE,),
    bad=(Change("guest.cfg", ',agent_id=4"', ',agent_id=4,name=guest"'),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for part in configuration.arm_sci:
        if part.key is None:
            yield Finding(
                message=f'arm_sci: "{part.text}" is ignored: {_reason(part.text)}',
                span=part.span,
                help='write arm_sci = "type=none", or leave it out' if part.text == "none" else None,
                fix=_fix(part, configuration),
            )


def _fix(part: SciPart, configuration: Configuration) -> Fix | None:
    """Return the part as it was meant, where its key and its value leave no doubt."""
    name, _, value = (each.strip() for each in part.text.partition("="))
    key = nearest(name, _KEYS)
    fits = value in _TYPES if key == "type" else _NUMBER.fullmatch(value)
    if key is None or not fits or any(each.key == key for each in configuration.arm_sci):
        return None
    return safe_fix(f"Write {key}={value}", xlcfg.replace(part.span, part.text, f"{key}={value}"))


def _reason(text: str) -> str:
    name, equals, _ = text.partition("=")
    if text in EPAM:
        return "that is the form of EPAM's first series, which upstream's xl does not know"
    if name.strip() in _KEYS and equals:
        return (
            "a part must start with its key, without a space"
            if name != name.strip()
            else "there is a space before the ="
        )
    if name.strip() in _KEYS:
        return "it has no value"
    near = nearest(name.strip(), _KEYS)
    return f"did you mean {near}=…?" if near else "only type=… and agent_id=… are known"
