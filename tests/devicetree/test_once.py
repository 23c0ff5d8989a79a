"""Answers that a tree keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenscmi.devicetree import Node, Tree, parse_dts
from xenscmi.devicetree.once import once


def tree() -> Tree:
    return parse_dts(b"/dts-v1/; / { one { two { }; }; };", name="a.dts", directory=Path())


def test_a_question_is_answered_once_for_each_node_and_tree() -> None:
    asked: list[str] = []

    @once
    def depth(node: Node) -> int:
        asked.append(node.path)
        return node.path.count("/")

    @once
    def count(tree: Tree) -> int:
        asked.append("tree")
        return sum(1 for _ in tree.walk())

    first, second = tree(), tree()
    for each in (first, second, first):
        assert count(each) == 3
        assert [depth(node) for node in each.walk()] == [1, 1, 2]
    assert asked == 2 * ["tree", "/", "/one", "/one/two"]


def test_an_error_is_no_answer() -> None:
    asked: list[Node] = []

    @once
    def fails(node: Node) -> int:
        asked.append(node)
        raise ValueError

    root = tree().root
    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011
            fails(root)
    assert asked == [root, root]
