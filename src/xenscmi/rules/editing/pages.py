"""Edits of nodes of shared memory: an agent has one page."""

from __future__ import annotations

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import safe_fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.devicetree.tree import Tree
    from xenscmi.diagnostics import Fix
    from xenscmi.host.types import Shmem


def one_page(tree: Tree | None, page: Shmem) -> Fix | None:
    """Return the size that the node of an agent's page must have: Xen uses 4096 bytes from its address on."""
    node = tree.node(page.path) if tree and page.path else None
    if node is None or page.address is None or page.address % PAGE_SIZE:
        return None
    return safe_fix(f"Write a size of {PAGE_SIZE:#x}", dts.size(node, PAGE_SIZE))


def widen(tree: Tree | None, page: Shmem) -> Fix | None:
    """Return the `reg` of a page's node in the cells that the node above declares."""
    edits = dts.widen(dts.property_of(tree, page.path, "reg")) if page.path else None
    return safe_fix("Write two cells for each number", edits)
