"""XS304 broken-access-controllers."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import ACCESS_CONTROLLERS
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import AccessController, Device
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
        harmless = device.path not in given or (index.scmi_entries(device) and not _lost(index, device, broken))
        yield Finding(
            message=f"Xen stops reading here: {broken.problem.message}",
            span=broken.span,
            severity=Severity.WARNING if harmless else None,
            help=broken.problem.help or None,
        )


def _lost(index: Index, device: Device, broken: AccessController) -> bool:
    """Return whether an entry of Xen's follows the broken one."""
    node = index.passthrough.node(device.path)
    prop = node.get(ACCESS_CONTROLLERS) if node else None
    own = index.passthrough.node(index.management.path if index.management else None)
    if prop is None or own is None:
        return False
    cells = [prop.value[at : at + 4] for at in range(0, len(prop.value), 4)]
    phandles = [each.value for name in ("phandle", "linux,phandle") if (each := own.get(name))]
    before = sum(1 + len(entry.arguments) for entry in device.entries if entry is not broken)
    return any(cell in phandles for cell in cells[before + 1 :])
