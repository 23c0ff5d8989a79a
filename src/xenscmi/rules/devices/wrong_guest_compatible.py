"""XS324 wrong-guest-compatible."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.properties import compatible
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS324",
    name="wrong-guest-compatible",
    severity=Severity.WARNING,
    summary="The partial tree's node of a device is compatible with nothing that the host's node is compatible with.",
    then="another driver probes in the guest, or none",
    xen="Xen and libxl copy the guest's node without comparing it with the host's.",
    fix="copy compatible from the device's node in the host tree",
    bad=(Change("panel.dts", 'compatible = "lab,display";', 'compatible = "lab,dispaly";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        theirs, own = given.guest.get("compatible") if given.guest else None, given.node.get("compatible")
        if theirs is None or own is None or set(compatible(theirs.node)) & set(compatible(own.node)):
            continue
        yield Finding(
            message=f"{theirs.node.path} of {given.domain.title} is {', '.join(compatible(theirs.node))}, "
            f"but {given.node.path} is {', '.join(compatible(own.node))}",
            span=theirs.span,
            related=also("the host's node", own.span),
        )
