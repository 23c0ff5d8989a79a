"""XS311 ungranted-resource."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    tree = view.host.tree
    if tree is None or view.management is None:
        return
    for domain in view.host.domains:
        for node in domain.tree.nodes if domain.tree and view.channel(domain) else ():
            path = node.host_path.value if node.host_path else None
            device = tree.node(path) if path else None
            controlled = view.devices[path].entries if path in view.devices else ()
            if device and not controlled and node.resources:
                yield Finding(
                    message=f"{node.path} of {domain.title} uses SCMI resources, "
                    f"but access-controllers of {path} in the host names nobody",
                    span=node.host_path.span if node.host_path else node.span,
                    related=also("the device", device.span),
                )


RULE = HostRule(
    code="XS311",
    name="ungranted-resource",
    severity=Severity.WARNING,
    summary="A device that needs SCMI resources is not said to be under SCMI control.",
    then="Xen asks the firmware for nothing",
    xen="Xen reads access-controllers of the host's node, not of the partial tree's. Without it nothing is granted, "
    "and a firmware that keeps resources by device answers DENIED.",
    mend="write access-controllers = <&scmi_xen DEVICE_ID>; into the device's node of the host tree",
    check=_check,
    bad=(Change("host.dts", "\t\t\taccess-controllers = <&scmi_xen 1>;\n", ""),),
)
