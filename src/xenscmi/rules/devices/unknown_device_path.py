"""XS301 unknown-device-path."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import Stated
from xenscmi.rules.rule import Change, Finding, HostRule

RULE = HostRule(
    code="XS301",
    name="unknown-device-path",
    severity=Severity.ERROR,
    summary="A device to be given to a domain is not in the host tree.",
    then="Xen refuses to create the domain",
    xen='Xen refuses: "Couldn\'t find node … in host_dt!". For a dom0less domain Xen panics at boot; `xl create` '
    "fails.",
    fix="write the full path of the device in the host device tree, including the unit address",
    bad=(Change("panel.dts", 'xen,path = "/soc/display@e0001000";', 'xen,path = "/soc/display@e0002000";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.host.tree is None:
        return
    for domain in index.host.domains:
        nodes = domain.tree.nodes if domain.tree else ()
        named: list[tuple[str, Stated[str]]] = [("dtdev", path) for path in domain.dtdevs]
        named += [("xen,path", node.host_path) for node in nodes if node.host_path]
        for setting, path in named:
            if index.passthrough.node(path.value) is None:
                yield Finding(
                    message=f"{setting} of {domain.title}: couldn't find node {path.value} in the host tree",
                    span=path.span,
                )
