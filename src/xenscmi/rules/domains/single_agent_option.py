"""XS217 single-agent-option."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xenscmi.bindings.names import BOOTARGS, CHOSEN, SMC_PASSTHROUGH, XEN_BOOTARGS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, safe_fix

RULE = HostRule(
    code="XS217",
    name="single-agent-option",
    severity=Severity.WARNING,
    summary="Xen's command line has an option of the single-agent driver.",
    xen="A Xen with the multi-agent driver does not know the option and ignores it. A Xen that knows it has no "
    "multi-agent driver and does not read the container.",
    fix="remove scmi-smc-passthrough; dom0's agent is xen,dom0-sci-agent-id in the container",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "console=dtuart dom0_mem=512M", "console=dtuart dom0_mem=512M scmi-smc-passthrough"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    line = index.host.command_line
    words = (line.value or "").split() if line else []
    found = next((word for word in words if word.split("=")[0].removeprefix("no-") == SMC_PASSTHROUGH), None)
    if line and found and index.container:
        yield Finding(
            message=f"{found} on Xen's command line is an option of the single-agent driver",
            span=line.span,
            fix=_remove(index, line.value or "", found),
        )


def _remove(index: Index, line: str, word: str) -> Fix | None:
    """Return the command line without the word, which Xen ignores."""
    name = XEN_BOOTARGS if dts.property_of(index.host.tree, CHOSEN, XEN_BOOTARGS) else BOOTARGS
    without = re.sub(rf"\s+{re.escape(word)}(?!\S)|^{re.escape(word)}(?:\s+|$)", "", line)
    return safe_fix(f"Remove {word}", dts.string(dts.property_of(index.host.tree, CHOSEN, name), line, without))
