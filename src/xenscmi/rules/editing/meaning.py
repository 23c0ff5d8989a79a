"""Fixes of names: a node that is not compatible with what it is meant to be, a misspelled property."""

from __future__ import annotations

from xenscmi.rules.editing import dts
from xenscmi.rules.misspelling import compatible_like, like, strings_of
from xenscmi.rules.rule import safe_fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.devicetree.tree import Node
    from xenscmi.diagnostics import Fix


def make_compatible(node: Node | None, name: str) -> Fix | None:
    """Return the `compatible` that a node was meant to have, in place of a string that is much like it."""
    written = compatible_like(node, name) if node is not None else None
    if node is None or (written is None and "compatible" in node):
        return None
    if (misspelled := like(node, "compatible")) and name in strings_of(misspelled):
        return safe_fix(f"Rename {misspelled.name} to compatible", dts.rename(misspelled, "compatible"))
    edit = (
        dts.string(node.get("compatible"), written, name)
        if written
        else dts.insert(node, f'compatible = "{name}";', first=True)
    )
    return safe_fix(f'Make {node.path} compatible with "{name}"', edit)


def rename_like(node: Node | None, name: str) -> Fix | None:
    """Return the name of a property that a node lacks, for one that is much like it."""
    misspelled = like(node, name)
    return safe_fix(f"Rename {misspelled.name} to {name}", dts.rename(misspelled, name)) if misspelled else None
