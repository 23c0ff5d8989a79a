"""XS318 dangling-phandle."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import PASSTHROUGH, RESOURCE_CELLS, SHMEM
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.passthrough import guest_nodes
from xenscmi.host.references import GIC_PHANDLE, PhandleUse, phandle_uses
from xenscmi.host.scmi_nodes import scmi_compatible
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS318",
    name="dangling-phandle",
    severity=Severity.ERROR,
    summary="A node of a partial tree refers to a node that the guest does not get, or that does not count arguments.",
    then="the guest's driver does not probe",
    xen="Xen and libxl copy /passthrough and /aliases without looking for references that lead out of them.",
    fix="put the node that is referred to below /passthrough, with its #…-cells, or remove the property",
    bad=(
        Change(
            "panel.dts",
            "clocks = <&scmi_clock 10>;",
            "clocks = <&scmi_clock 10>;\n\t\t\tvdd-supply = <0x77>;",
        ),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for node in _controlled_by_dom0(index):
        for use in phandle_uses(node):
            if use.prop.name in RESOURCE_CELLS and (use.target is None or use.uncounted):
                yield _finding(use, f"{node.path} of dom0", _problem(use), "dom0's driver does not probe")
    for domain in index.host.domains:
        for node in guest_nodes(domain):
            for use in phandle_uses(node):
                if use.phandle == GIC_PHANDLE or (use.prop.name == SHMEM and scmi_compatible(node)):
                    continue  # Xen's own interrupt controller; unusable-guest-shmem
                if domain.kind is DomainKind.DOM0LESS and use.target and use.target.path == "/gic":
                    continue  # Xen gives its own interrupt controller this phandle (init_intc_phandle)
                problem = _problem(use)
                if problem:
                    yield _finding(use, f"{node.path} of {domain.title}", problem)


def _finding(use: PhandleUse, user: str, problem: str, then: str | None = None) -> Finding:
    return Finding(
        message=f"{use.prop.name} of {user} refers to {problem}",
        span=use.span,
        related=also("the node", use.target.span if use.target else None),
        then=then,
    )


def _controlled_by_dom0(index: Index) -> Iterator[Node]:
    """Yield the devices under SCMI control that dom0, as an agent, has for itself."""
    if index.dom0 is None or index.channel(index.dom0) is None or index.host.tree is None:
        return
    for device in index.host.devices:
        node = index.host.tree.node(device.path)
        if node is not None and node in index.passthrough.kept_by_dom0 and index.scmi_entries(device):
            yield node


def _problem(use: PhandleUse) -> str:
    """Return where a reference leads if the guest cannot follow it."""
    if use.target is None:
        return f"phandle {use.phandle:#x}, which no node has"
    path = use.target.path
    if use.uncounted:
        return f"{path}, which has no {use.uncounted}"
    return "" if f"{path}/".startswith(f"{PASSTHROUGH}/") else f"{path}, which is outside {PASSTHROUGH}"
