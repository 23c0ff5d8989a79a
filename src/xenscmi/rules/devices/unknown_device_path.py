"""XS301 unknown-device-path."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.types import Stated
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule


def _check(view: View) -> Iterator[Finding]:
    tree = view.host.tree
    if tree is None:
        return
    for domain in view.host.domains:
        nodes = domain.tree.nodes if domain.tree else ()
        named: list[tuple[str, Stated[str]]] = [("dtdev", path) for path in domain.dtdevs]
        named += [("xen,path", node.host_path) for node in nodes if node.host_path]
        for setting, path in named:
            if path.value is None or tree.node(path.value) is None:
                yield Finding(
                    message=f"{setting} of {domain.title}: couldn't find node {path.value} in the host tree",
                    span=path.span,
                )


RULE = HostRule(
    code="XS301",
    name="unknown-device-path",
    severity=Severity.ERROR,
    summary="A device that a domain shall get is not in the host tree.",
    then="Xen refuses to make the domain",
    xen='Xen refuses: "Couldn\'t find node … in host_dt!". A dom0less domain panics Xen at boot, `xl create` fails.',
    mend="write the full path of the device in the host device tree, unit address included",
    check=_check,
    bad=(Change("panel.dts", 'xen,path = "/soc/display@e0001000";', 'xen,path = "/soc/display@e0002000";'),),
)
