"""XS407 missing-force-assign."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import XEN_FORCE_ASSIGN, XEN_PATH
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.iommu import is_protected, master
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, also, unsafe_fix

RULE = HostRule(
    code="XS407",
    name="missing-force-assign",
    severity=Severity.ERROR,
    summary="A dom0less domain gets a device without an IOMMU, and its node does not allow that.",
    then="Xen panics at boot",
    xen="Xen cannot protect the assignment and panics at boot. It grants nothing.",
    fix="add xen,force-assign-without-iommu; if the device may work without an IOMMU",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("panel.dts", "0x0 0xe0001000>;\n\t\t\txen,force-assign-without-iommu;", "0x0 0xe0001000>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        guest = given.guest
        if given.setting != XEN_PATH or guest is None or XEN_FORCE_ASSIGN in guest or is_protected(given.node):
            continue
        found = master(given.node)
        reason = f": {found.reason}" if found else ""
        yield Finding(
            message=f"no IOMMU protects {given.node.path}{reason}, and {guest.path} has no {XEN_FORCE_ASSIGN}",
            span=given.span,
            related=also("the device", given.node.span),
            fix=rename_like(guest, XEN_FORCE_ASSIGN) or (_add(guest) if found is None else None),
        )


def _add(guest: Node) -> Fix | None:
    """Return the property: whether the device masters memory, no file says."""
    return unsafe_fix(f"Add {XEN_FORCE_ASSIGN};", dts.insert(guest, f"{XEN_FORCE_ASSIGN};"))
