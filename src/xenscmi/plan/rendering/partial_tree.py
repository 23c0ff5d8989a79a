"""`NAME.dts`: a guest's partial device tree."""

from __future__ import annotations

from collections.abc import Iterable

from xenscmi.devicetree.dts import source
from xenscmi.plan.allocation import Allotment
from xenscmi.plan.guest_tree import GuestTree
from xenscmi.plan.rendering.header import slashes


def render(allotment: Allotment, tree: GuestTree, fragments: Iterable[str]) -> str:
    """Return the tree's source, with what was dropped on top; `fragments` are texts to append."""
    text = source(slashes("\n".join(tree.dropped).replace("*/", "* /")), tree.root)
    for fragment in fragments:
        text += "\n" + fragment.rstrip("\n") + "\n"
    return text
