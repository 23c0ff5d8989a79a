"""Comparing trees by what they say."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.devicetree import Tree


def same(one: Tree, other: Tree) -> bool:
    """Whether nodes, properties, their order and the reservations are the same, wherever they were written."""
    return one.reservations == other.reservations and list(_content(one)) == list(_content(other))


def _content(tree: Tree) -> Iterator[object]:
    for node in tree.walk():
        yield node.path, len(node.children), [(each.name, each.value) for each in node.properties]
