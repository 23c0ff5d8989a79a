"""XS010 arm-sci-list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.diagnostics import Edit, Fix, Safety, Severity
from xenscmi.host.configuration import ARM_SCI, Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, safe_fix
from xenscmi.xlcfg import ListValue, Settings, StringValue, Value

_PART = re.compile(r"[a-z_]+=\w+(?:,[a-z_]+=\w+)*", re.ASCII)

RULE = FileRule(
    code="XS010",
    name="arm-sci-list",
    severity=Severity.ERROR,
    summary="arm_sci is written as a list.",
    then="xl ignores it",
    xen="xl ignores it, without its usual warning: the domain runs without SCMI.",
    fix='write a string: arm_sci = "type=scmi_smc_multiagent,agent_id=N"',
    fixable=(Safety.SAFE,),
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
        fix = _fix(setting.value, configuration.settings) if configuration.settings else None
        yield Finding(message="arm_sci is a list; xl expects a string", span=setting.value.span, fix=fix)


def _fix(value: Value, settings: Settings) -> Fix | None:
    """Return the items as one string, if each of them is a part of it."""
    items = value.items if isinstance(value, ListValue) else []
    parts = [each.text for each in items if isinstance(each, StringValue)]
    if len(parts) < len(items) or not all(_PART.fullmatch(each) for each in parts):
        return None
    edit = Edit(span=value.span, text=xlcfg.quoted(",".join(parts), settings))
    return safe_fix("Write arm_sci as a string", edit)
