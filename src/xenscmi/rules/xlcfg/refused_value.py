"""XS002 refused-value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.rule import Change, FileRule, Finding, safe_fix
from xenscmi.source import Span
from xenscmi.spelling import only_like

# What downstream toolstacks accept, as it stands in upstream's message, and what stands for it upstream.
DOWNSTREAM = {
    'Unknown tee "native"': "a downstream xl knows it; upstream has optee and ffa, which Xen mediates, and none",
    ",arm_mem_WB": "a downstream xl knows it; upstream chooses the memory type itself: write the range without it",
    'Unknown transport "pci"': "a downstream xl knows it; upstream has transport=mmio, or leave transport out",
}

_TYPES = tuple(each.text for each in ArmSciType)
_JOINED = re.compile(r"(?P<type>\w+)[;: ]+(?P<other>agent_id=\w+)", re.ASCII)

RULE = FileRule(
    code="XS002",
    name="refused-value",
    severity=Severity.ERROR,
    summary="An xl.cfg file has a value that xl or libxl refuses, such as an agent id above 254 or an unknown type.",
    then="`xl create` fails",
    xen="xl prints an error and creates no domain. Xen is not affected.",
    fix="write a value that xl accepts: see xl.cfg(5)",
    fixable=(Safety.SAFE,),
    bad=(Change("guest.cfg", "agent_id=4", "agent_id=255"),),
)


@RULE.check
def check(configuration: Configuration) -> Iterator[Finding]:
    # Without settings it is a syntax error, which is another rule.
    for error in configuration.errors if configuration.settings else ():
        if error.severity is Severity.ERROR:
            span = error.span or Span(configuration.source, 0, 0)  # of a setting that is missing
            known = next((advice for start, advice in DOWNSTREAM.items() if start in error.message), error.help)
            yield Finding(
                message=error.message,
                span=span,
                related=error.related,
                help=known or None,
                fix=_fix(configuration, span),
            )


def _fix(configuration: Configuration, span: Span) -> Fix | None:
    """Return the type of `arm_sci` that was meant: the one that is spelled like what xl refuses, or stands in it."""
    part = next((each for each in configuration.arm_sci if each.key == "type" and each.argument.span == span), None)
    joined = _JOINED.fullmatch(part.value) if part else None
    if part is not None and joined and joined["type"] in _TYPES:
        text = f"type={joined['type']},{joined['other']}"
        return safe_fix(f"Write {text}", xlcfg.replace(part.span, part.text, text))
    meant = only_like(part.value.replace("-", "_").lower(), _TYPES) if part else None
    if part is None or meant is None:
        return None
    return safe_fix(f"Write type={meant}", xlcfg.replace(part.span, part.text, f"type={meant}"))
