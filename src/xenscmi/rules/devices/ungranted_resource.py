"""XS311 ungranted-resource."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS311",
    name="ungranted-resource",
    severity=Severity.WARNING,
    summary="A device that uses SCMI resources has no access-controllers in the host tree.",
    then="Xen asks the firmware for nothing",
    xen="Xen reads access-controllers from the host's node, not from the partial tree. Without it Xen grants nothing, "
    "and a firmware that protects resources by device answers DENIED.",
    fix="add access-controllers = <&scmi_xen DEVICE_ID>; to the device's node in the host tree",
    bad=(Change("host.dts", "\t\t\taccess-controllers = <&scmi_xen 1>;\n", ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.management is None:
        return
    for domain in index.host.domains:
        for node in domain.tree.nodes if domain.tree and index.channel(domain) else ():
            path = node.host_path.value if node.host_path else None
            device, controlled = index.passthrough.node(path), index.device(path)
            if device and not (controlled and controlled.entries) and node.resources:
                yield Finding(
                    message=f"{node.path} of {domain.title} uses SCMI resources, "
                    f"but access-controllers of {path} in the host names nobody",
                    span=node.host_path.span if node.host_path else node.span,
                    related=also("the device", device.span),
                )
