"""XS006 ignored-arm-sci-part."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.rule import Change, FileRule, Finding

_KEYS = ("type", "agent_id")

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
    bad=(Change("guest.cfg", ',agent_id=4"', ',agent_id=4,name=guest"'),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    for part in configuration.arm_sci:
        if part.key is None:
            yield Finding(
                message=f'arm_sci: "{part.text}" is ignored: {_reason(part.text)}',
                span=part.span,
            )


def _reason(text: str) -> str:
    name, equals, _ = text.partition("=")
    if text in EPAM:
        return f"that is the form of EPAM's first series; write type={text}"
    if name.strip() in _KEYS and equals:
        return (
            "a part must start with its key, without a space"
            if name != name.strip()
            else "there is a space before the ="
        )
    if name.strip() in _KEYS:
        return "it has no value"
    from difflib import get_close_matches

    nearest = get_close_matches(name.strip(), _KEYS, 1)
    return f"did you mean {nearest[0]}=…?" if nearest else "only type=… and agent_id=… are known"
