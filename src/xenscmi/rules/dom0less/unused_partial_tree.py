"""XS409 unused-partial-tree."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import CHOSEN, MULTIBOOT_MODULE
from xenscmi.bindings.properties import compatible
from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, wanted_agent
from xenscmi.host.types import DomainKind, HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS409",
    name="unused-partial-tree",
    severity=Severity.WARNING,
    summary="A dom0less domain has a partial tree but no boot module for it.",
    xen="Xen gives the domain no partial tree: the domain gets neither its devices nor a node for its channel. Often a "
    "boot script adds the modules; where the tree has no module of the domain at all, this is a warning.",
    fix='add the module: compatible = "multiboot,device-tree", "multiboot,module", with its address',
    bad=(Change("host.dts", '"multiboot,device-tree", "multiboot,module"', '"multiboot,ramdisk", "multiboot,module"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is not DomainKind.DOM0LESS or domain.tree is None or domain.tree_file is not None:
            continue
        related = also("the partial tree", domain.tree.span)
        missing = f"domain {domain.name} has no multiboot,device-tree module"
        if not _has_modules(index, domain):
            then = "unless the boot loader adds it, Xen does not load the partial tree"
            yield Finding(message=missing, span=domain.span, related=related, severity=Severity.WARNING, then=then)
        else:
            yield Finding(
                message=f"{missing}: its partial tree is not loaded",
                span=domain.span,
                related=related,
                severity=Severity.ERROR if wanted_agent(domain) else None,
                then="the domain does not find its channel" if wanted_agent(domain) else None,
            )


def _has_modules(index: Index, domain: HostDomain) -> bool:
    """Return whether the host tree itself has boot modules of a domain, and so no boot script adds them."""
    chosen = index.host.tree.node(CHOSEN) if index.host.tree else None
    node = chosen.child(domain.name) if chosen else None
    return node is not None and any(MULTIBOOT_MODULE in compatible(child) for child in node.children)
