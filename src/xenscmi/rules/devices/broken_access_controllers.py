"""XS304 broken-access-controllers."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS304",
    name="broken-access-controllers",
    severity=Severity.ERROR,
    summary="The access-controllers of a device cannot be read to the end.",
    then="Xen grants nothing that follows",
    xen="Xen stops at the first entry that it cannot read, with one log line, and carries on as if the list ended "
    "there: it grants nothing that follows.",
    fix="put Xen's entry first, and add #access-controller-cells to every controller named here",
    bad=(
        Change(
            "host.dts", "access-controllers = <&scmi_xen 1>;", "access-controllers = <&dom0_page 0>, <&scmi_xen 1>;"
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    if own is None:
        return
    # Rules of their own: foreign-access-controller, and bad-access-controller-cells for Xen's node.
    known = {node.path for node in index.host.scmi_nodes}
    given = {each.device.path for each in index.assignments if index.channel(each.domain)}
    for device in index.host.devices:
        broken = next((each for each in device.entries if each.problem), None)
        if broken is None or broken.problem is None or broken.target in known - {own.path}:
            continue
        if broken.target == own.path and own.access_controller_cells is None:
            continue
        harmless = index.scmi_entries(device) or device.path not in given
        yield Finding(
            message=f"Xen stops reading here: {broken.problem.message}",
            span=broken.span,
            severity=Severity.WARNING if harmless else None,
            help=broken.problem.help or None,
        )
