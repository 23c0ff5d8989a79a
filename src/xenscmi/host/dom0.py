"""Which nodes of the host's device tree dom0 gets (xen/arch/arm/domain_build.c, handle_node)."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import (
    BOOTARGS,
    CHOSEN,
    REPLACED_FOR_DOM0,
    SKIPPED_FOR_DOM0,
    STDOUT_PATH,
    XEN_BOOTARGS,
    XEN_IOMMUS,
)
from xenscmi.bindings.properties import compatible, device_type, has_path, read_string
from xenscmi.devicetree.tree import Node, Tree

_KEPT = SKIPPED_FOR_DOM0 | REPLACED_FOR_DOM0 | XEN_IOMMUS


def kept_from_dom0(node: Node) -> bool:
    """Return whether Xen keeps a node, and all below it, to itself or makes its own in its place."""
    return (
        not _KEPT.isdisjoint(compatible(node))
        or has_path(node, "/cpus")
        or (device_type(node) or "").lower() == "memory"
    )


def console_node(tree: Tree) -> Node | None:
    """Return the UART that Xen uses as its console: by `dtuart=` on its command line, or by `stdout-path`."""
    chosen = tree.node(CHOSEN)
    if chosen is None:
        return None
    line = read_string(chosen, XEN_BOOTARGS) or read_string(chosen, BOOTARGS) or ""
    named = [word.removeprefix("dtuart=") for word in line.split() if word.startswith("dtuart=")]
    return tree.resolve(named[-1] if named else read_string(chosen, STDOUT_PATH) or "")


def dom0_nodes(tree: Tree) -> Iterator[Node]:
    """Yield the nodes that dom0 gets, in order, regardless of whether it has an agent."""
    console, pending = console_node(tree), [tree.root]
    while pending:
        node = pending.pop()
        if node is not console and not kept_from_dom0(node):
            yield node
            pending.extend(reversed(list(node.children)))
