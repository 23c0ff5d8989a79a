"""Where a property that a node lacks stands under another spelling: the line to fix."""

from __future__ import annotations

from difflib import SequenceMatcher

from xenscmi.devicetree.tree import Node, Property, Tree
from xenscmi.source import Span
from xenscmi.spelling import ALIKE, is_swapped, nearest

_MOST_BYTES = 256
_SIMILAR = 0.7  # of `arm,scmi` and `arm,scmi-smc`, of `xen,domU` and `xen,domain`


def like(node: Node | None, name: str) -> Property | None:
    """Return the property of a node that is spelled most like `name`; None where none is alike."""
    matcher = SequenceMatcher(b=name, autojunk=False)
    best, found = ALIKE, None  # `xen,dom0-sci-agent` is alike, `scmi-secondary-agents` and its `#…-cells` are not
    for prop in node.properties if node else ():
        matcher.set_seq1(prop.name)
        if is_swapped(prop.name, name):
            return prop
        if prop.name != name and matcher.quick_ratio() >= best and matcher.ratio() >= best:
            best, found = matcher.ratio(), prop
    return found


def place_of_missing(node: Node | None, name: str, otherwise: Span) -> Span:
    """Return the place of the property of a node that is spelled most like `name`; `otherwise` where none is alike."""
    found = like(node, name)
    return found.span if found else otherwise


def compatible_like(node: Node, name: str) -> str | None:
    """Return the `compatible` string of a node that is spelled most like `name`; None where none is alike.

    Shorter than a property's name, and of a node whose properties show what it is: less alike is enough. What another
    vendor names so is another thing.
    """
    written = strings_of(node.get("compatible"))
    others = [each for each in written if each.lower() != name and _vendor(each) == _vendor(name)]
    return nearest(name, others, _SIMILAR)


def strings_of(prop: Property | None) -> list[str]:
    """Return the strings of a property that may be misspelled names, as far as names would reach."""
    parts = prop.value[:_MOST_BYTES].split(b"\0") if prop else []
    return [each.decode("ascii", "backslashreplace") for each in parts]


def _vendor(name: str) -> str:
    return name.rpartition(",")[0].lower()


def place_in(tree: Tree | None, path: str, name: str, otherwise: Span) -> Span:
    """Return the same for the node at a path of a tree."""
    return place_of_missing(tree.node(path) if tree else None, name, otherwise)
