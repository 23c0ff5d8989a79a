"""XS409 unused-partial-tree."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS409",
    name="unused-partial-tree",
    severity=Severity.WARNING,
    summary="A dom0less domain has a partial tree but no boot module for it.",
    xen="Xen gives the domain no partial tree: the domain gets neither its devices nor a node for its channel.",
    fix='add the module: compatible = "multiboot,device-tree", "multiboot,module", with its address',
    bad=(Change("host.dts", '"multiboot,device-tree", "multiboot,module"', '"multiboot,ramdisk", "multiboot,module"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.DOM0LESS and domain.tree and domain.tree_file is None:
            yield Finding(
                message=f"domain {domain.name} has no multiboot,device-tree module: its partial tree is not loaded",
                span=domain.span,
                related=also("the partial tree", domain.tree.span),
                severity=Severity.ERROR if wanted_agent(domain) else None,
                then="the domain does not find its channel" if wanted_agent(domain) else None,
            )
