"""Where a property that a node lacks stands under another spelling: the line to fix."""

from __future__ import annotations

from difflib import SequenceMatcher

from xenscmi.devicetree.tree import Node, Tree
from xenscmi.source import Span

_ALIKE = 0.87  # of `xen,dom0-sci-agent` and `xen,dom0-sci-agent-id`, not of `scmi-secondary-agents` and its `#…-cells`


def place_of_missing(node: Node | None, name: str, otherwise: Span) -> Span:
    """Return the place of the property of a node that is spelled most like `name`; `otherwise` where none is alike."""
    matcher = SequenceMatcher(b=name, autojunk=False)
    best, found = _ALIKE, otherwise
    for prop in node.properties if node else ():
        matcher.set_seq1(prop.name)
        if prop.name != name and matcher.quick_ratio() >= best and matcher.ratio() >= best:
            best, found = matcher.ratio(), prop.span
    return found


def place_in(tree: Tree | None, path: str, name: str, otherwise: Span) -> Span:
    """Return the same for the node at a path of a tree."""
    return place_of_missing(tree.node(path) if tree else None, name, otherwise)
