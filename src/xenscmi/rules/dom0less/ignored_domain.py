"""XS411 ignored-domain."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import CHOSEN, SCI_AGENT_ID, SCI_AGENT_ID_V5, SCI_TYPE, XEN_DOMAIN
from xenscmi.bindings.properties import compatible
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Tree
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index
from xenscmi.rules.editing.meaning import make_compatible
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS411",
    name="ignored-domain",
    severity=Severity.ERROR,
    summary="A node has an agent, but Xen does not see a domain in it.",
    then="Xen creates no domain from it",
    xen="Xen creates domains only from children of /chosen that are compatible with xen,domain. There is no log line. "
    "Xen then uses the node's kernel as dom0's.",
    fix='make the node a child of /chosen with compatible = "xen,domain"',
    fixable=(Safety.SAFE,),
    bad=(Change("host.dts", 'compatible = "xen,domain";', 'compatible = "xen,domU";'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    yield from _ignored(index.host.tree) if index.host.tree else ()


@once
def _ignored(tree: Tree) -> tuple[Finding, ...]:
    return tuple(_findings(tree))


def _findings(tree: Tree) -> Iterator[Finding]:
    for node in tree.walk():
        stated = next((prop for name in (SCI_TYPE, SCI_AGENT_ID, SCI_AGENT_ID_V5) if (prop := node.get(name))), None)
        if stated is None or (XEN_DOMAIN in compatible(node) and node.parent is node.tree.node("/chosen")):
            continue
        reason = (
            "is not a child of /chosen" if XEN_DOMAIN in compatible(node) else f"is not compatible with {XEN_DOMAIN}"
        )
        yield Finding(
            message=f"{node.path} has {stated.name}, but {reason}",
            span=node.span,
            related=also("Xen does not read this", stated.span),
            fix=make_compatible(node, XEN_DOMAIN) if node.parent is node.tree.node(CHOSEN) else None,
        )
