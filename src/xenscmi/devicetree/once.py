"""What follows from a tree alone, worked out once: a tree never changes after it was made."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from xenscmi.devicetree.tree import Node, Tree

S = TypeVar("S", Node, Tree)
T = TypeVar("T")


def once(function: Callable[[S], T]) -> Callable[[S], T]:
    """Decorate a function of a tree or of a node: the tree keeps its answers, which must not change either.

    An editor that keeps the trees of files that did not change, see `host.parsed`, keeps these answers with them.
    """

    @wraps(function)
    def known(of: S) -> T:
        answers = (of if isinstance(of, Tree) else of.tree).answers.setdefault(function, {})
        try:
            answer: T = answers[of]
        except KeyError:
            answer = answers[of] = function(of)
        return answer

    return known
