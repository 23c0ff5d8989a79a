"""XS411 overlooked-domain."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.domains import AGENT_ID, OLD_AGENT_ID, SCI_TYPE, XEN_DOMAIN
from xenscmi.host.properties import compatible
from xenscmi.host.view import View
from xenscmi.rules.rule import Change, Finding, HostRule, also


def _check(view: View) -> Iterator[Finding]:
    tree = view.host.tree
    for node in tree.walk() if tree else ():
        stated = next((prop for name in (SCI_TYPE, AGENT_ID, OLD_AGENT_ID) if (prop := node.get(name))), None)
        if stated is None or (XEN_DOMAIN in compatible(node) and node.parent is node.tree.node("/chosen")):
            continue
        reason = "does not stand right below /chosen" if XEN_DOMAIN in compatible(node) else f"is no {XEN_DOMAIN}"
        yield Finding(
            message=f"{node.path} has {stated.name}, but {reason}",
            span=node.span,
            related=also("what Xen does not read", stated.span),
        )


RULE = HostRule(
    code="XS411",
    name="overlooked-domain",
    severity=Severity.ERROR,
    summary="A node says which agent it has, but Xen does not take it for a domain.",
    then="Xen makes no domain of it",
    xen="Xen makes domains of the children of /chosen that are compatible with xen,domain, and of nothing else; there "
    "is no log line. It takes the node's kernel for dom0's.",
    mend='write compatible = "xen,domain" into the node, right below /chosen',
    check=_check,
    bad=(Change("host.dts", 'compatible = "xen,domain";', 'compatible = "xen,domU";'),),
)
