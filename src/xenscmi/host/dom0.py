"""Which nodes of the host's device tree dom0 gets (xen/arch/arm/domain_build.c, handle_node)."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.devicetree.tree import Node, Tree
from xenscmi.host.properties import compatible, string

SKIPPED = frozenset(
    (
        "xen,domain",
        "xen,domain-shared-memory-v1",
        "xen,evtchn-v1",
        "xen,xen",
        "xen,multiboot-module",
        "multiboot,module",
        "arm,psci",
        "arm,psci-0.2",
        "arm,psci-1.0",
        "arm,cortex-a7-pmu",
        "arm,cortex-a15-pmu",
        "arm,cortex-a53-edac",
        "arm,armv8-pmuv3",
        "arm,armv7-timer-mem",
        "xen,sci",
    )
)
"""Nodes that dom0 does not get, by what they are compatible with."""

REPLACED = frozenset(
    (
        "arm,armv7-timer",
        "arm,armv8-timer",
        "arm,cortex-a15-gic",
        "arm,cortex-a7-gic",
        "arm,gic-400",
        "arm,gic-v3",
    )
)
"""Nodes that Xen replaces by its own: the timer and the interrupt controller."""

IOMMUS = frozenset(
    (
        "arm,mmu-400",
        "arm,mmu-401",
        "arm,mmu-500",
        "arm,smmu-v1",
        "arm,smmu-v2",
        "arm,smmu-v3",
        "renesas,ipmmu-r8a7795",
        "renesas,ipmmu-r8a77965",
        "renesas,ipmmu-r8a7796",
        "renesas,ipmmu-r8a779f0",
        "renesas,r8a779g0-ipmmu",
    )
)
"""IOMMUs that Xen drives and keeps."""

_KEPT = SKIPPED | REPLACED | IOMMUS


def kept_from_dom0(node: Node) -> bool:
    """Return whether Xen keeps a node, and all below it, to itself or makes its own in its place."""
    device_type = string(node, "device_type")
    return (
        not _KEPT.isdisjoint(compatible(node))
        or (node.name == "cpus" and node.parent is node.tree.root)
        or (device_type is not None and device_type.value == "memory")
    )


def dom0_nodes(tree: Tree) -> Iterator[Node]:
    """Yield the nodes that dom0 gets, in order; what depends on dom0's agent is not looked at."""
    pending = [tree.root]
    while pending:
        node = pending.pop()
        if not kept_from_dom0(node):
            yield node
            pending.extend(reversed(list(node.children)))
