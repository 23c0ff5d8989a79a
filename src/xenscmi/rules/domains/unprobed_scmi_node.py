"""XS228 unprobed-scmi-node."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.properties import is_compatible
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Safety, Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.meaning import rename_like
from xenscmi.rules.rule import Change, Finding, HostRule, also, safe_fix

# What Linux descends into (drivers/of/platform.c, of_default_bus_match_table).
_BUSES = ("simple-bus", "simple-mfd", "isa", "arm,amba-bus")

RULE = HostRule(
    code="XS228",
    name="unprobed-scmi-node",
    severity=Severity.WARNING,
    summary="A node above the scmi node of a partial tree is not a bus.",
    then="Linux never creates the SCMI device",
    xen="Xen and libxl copy the nodes unchanged. Linux creates devices only below buses, and /firmware is one only at "
    "the root: the guest's SCMI driver does not start.",
    fix='add compatible = "simple-bus"; to the node',
    fixable=(Safety.SAFE,),
    bad=(Change("panel.dts", '\tpassthrough {\n\t\tcompatible = "simple-bus";\n', "\tpassthrough {\n"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        channel = guest_channel(domain)
        node = domain.tree.tree.node(channel.path) if domain.tree and channel and index.channel(domain) else None
        above = _not_a_bus(node) if node else None
        if above is not None and node is not None:
            yield Finding(
                message=f"{above.path} of {domain.title} is not a bus",
                span=above.span,
                related=also("the scmi node", node.span),
                fix=None
                if "compatible" in above
                else rename_like(above, "compatible")
                or safe_fix(
                    'Add compatible = "simple-bus";', dts.insert(above, 'compatible = "simple-bus";', first=True)
                ),
            )


def _not_a_bus(node: Node) -> Node | None:
    """Return the topmost node above one, below the root, that is not a bus."""
    above = [each for each in node.ancestors() if each.parent is not None]
    return next((each for each in reversed(above) if not is_compatible(each, *_BUSES)), None)
