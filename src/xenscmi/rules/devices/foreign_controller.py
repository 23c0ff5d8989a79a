"""XS303 foreign-controller."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    own = view.management
    if own is None:
        return
    # A second node of Xen's own is a case of its own: second-management-node.
    xens = {node.path for node in view.management_nodes}
    scmi_paths = {node.path for node in view.host.scmi_nodes} - xens
    given = {each.device.path for each in view.assignments if view.channel(each.domain)}
    for device in view.host.devices:
        if view.scmi_entries(device):
            continue
        entry = next((each for each in device.entries if each.target in scmi_paths), None)
        if entry:
            yield Finding(
                message=f"access-controllers of {device.path} points at {entry.target}, not at Xen's {own.path}",
                span=entry.span,
                related=also("Xen's scmi node", own.span),
                severity=None if device.path in given else Severity.WARNING,
            )


RULE = HostRule(
    code="XS303",
    name="foreign-controller",
    severity=Severity.ERROR,
    summary="A device names another scmi node than Xen's as its access controller.",
    then="Xen skips it, and the firmware does not let the domain use the device",
    xen="Xen skips the entry without a word: the device is given to the domain, but the firmware keeps its clocks, "
    "resets and power domains from it. The documentation's own example, <&scmi 0>, is such a case.",
    mend="point at the scmi node below the container: access-controllers = <&scmi_xen DEVICE_ID>",
    check=_check,
    bad=(Change("host.dts", "access-controllers = <&scmi_xen 1>;", "access-controllers = <&{/firmware/scmi} 1>;"),),
)
