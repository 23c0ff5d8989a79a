"""XS224 missing-device-tree."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS224",
    name="missing-device-tree",
    severity=Severity.ERROR,
    summary="A domain has a partial device tree, but its xl.cfg has no device_tree.",
    then="xl gives the guest none",
    xen="libxl copies the partial tree that device_tree names. Without the setting the guest gets neither its devices "
    "nor the node of its channel.",
    fix='add device_tree = "PATH", where dom0 has the compiled tree',
    bad=(Change("guest.cfg", 'device_tree = "/boot/guest.dtb"\n', ""),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.TOOLSTACK and domain.tree and domain.tree_file is None:
            yield Finding(
                message=f"{domain.title} has no device_tree: the partial tree is not loaded",
                span=domain.span,
                related=also("the partial tree", domain.tree.span),
            )
