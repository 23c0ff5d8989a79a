"""XS303 foreign-access-controller."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from xenscmi.bindings.names import ACCESS_CONTROLLERS
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.types import AccessController, Device, ScmiNode
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

RULE = HostRule(
    code="XS303",
    name="foreign-access-controller",
    severity=Severity.ERROR,
    summary="A device's access controller is not Xen's scmi node but another one.",
    then="Xen skips it, and the firmware does not let the domain use the device",
    xen="Xen skips the entry silently: it gives the device to the domain, but the firmware denies the domain its "
    "clocks, resets and power domains. The series' own documentation has this mistake: <&scmi 0>.",
    fix="point to the scmi node below the container: access-controllers = <&scmi_xen DEVICE_ID>",
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 1>;", "access-controllers = <&{/firmware/scmi} 1>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    own = index.management
    if own is None:
        return
    # A second node of Xen's own is another rule: second-management-node.
    xens = {node.path for node in index.management_nodes}
    scmi_paths = {node.path for node in index.host.scmi_nodes} - xens
    given = {each.device.path for each in index.assignments if index.channel(each.domain)}
    for device in index.host.devices:
        if index.scmi_entries(device):
            continue
        entry = next((each for each in device.entries if each.target in scmi_paths), None)
        if entry:
            yield Finding(
                message=f"access-controllers of {device.path} points to {entry.target}, not to Xen's {own.path}",
                span=entry.span,
                related=also("Xen's scmi node", own.span),
                severity=None if device.path in given else Severity.WARNING,
                fix=_point(index, device, entry, own),
            )


def _point(index: Index, device: Device, entry: AccessController, own: ScmiNode) -> Fix | None:
    """Return the reference to Xen's node, with the same device id."""
    prop = dts.property_of(index.host.tree, device.path, ACCESS_CONTROLLERS)
    target = index.host.tree.node(own.path) if index.host.tree else None
    before = takewhile(lambda each: each is not entry, device.entries)
    at = sum(1 + len(each.arguments) for each in before)
    edit = dts.reference(prop.place(4 * at), target) if prop else None
    return safe_fix("Point to Xen's scmi node", edit)
