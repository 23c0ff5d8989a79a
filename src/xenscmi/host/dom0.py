"""Which nodes of the host's device tree dom0 gets (xen/arch/arm/domain_build.c, handle_node)."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import REPLACED_FOR_DOM0, SKIPPED_FOR_DOM0, XEN_IOMMUS
from xenscmi.bindings.properties import compatible, device_type, has_path
from xenscmi.devicetree.tree import Node, Tree

_KEPT = SKIPPED_FOR_DOM0 | REPLACED_FOR_DOM0 | XEN_IOMMUS


def kept_from_dom0(node: Node) -> bool:
    """Return whether Xen keeps a node, and all below it, to itself or makes its own in its place."""
    return (
        not _KEPT.isdisjoint(compatible(node))
        or has_path(node, "/cpus")
        or (device_type(node) or "").lower() == "memory"
    )


def dom0_nodes(tree: Tree) -> Iterator[Node]:
    """Yield the nodes that dom0 gets, in order; what depends on dom0's agent is not looked at."""
    pending = [tree.root]
    while pending:
        node = pending.pop()
        if not kept_from_dom0(node):
            yield node
            pending.extend(reversed(list(node.children)))
