"""A plan with everything that it names: read, resolved, given its numbers, rendered.

Files come through an `Opener`; what is written where is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.plan.allocate import allocate
from xenscmi.plan.allocation import Allocation
from xenscmi.plan.board import Board
from xenscmi.plan.lock import Lock, read_lock, write_lock
from xenscmi.plan.reading import read_plan
from xenscmi.plan.rendering import render
from xenscmi.plan.resolve import resolve
from xenscmi.plan.resource_map import NO_MAP, ResourceMap, read_map, shipped
from xenscmi.plan.schema import BoardPlan
from xenscmi.source import Source, Span


@dataclass(frozen=True, slots=True)
class Opener:
    """How files that a plan names are read; `span` is where the plan names them. Both raise XenscmiError."""

    text: Callable[[str, Span], Source]
    board: Callable[[BoardPlan, Callable[[str], Span]], Tree]


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A plan with its files: by name, relative to the output folder; `lock` is the new text of plan.lock."""

    allocation: Allocation
    files: dict[str, bytes]
    lock: str
    notes: Sequence[Diagnostic]


def load_project(plan: Source, lock: Source | None, opener: Opener) -> Project:
    """Return the host that a plan makes. Raises XenscmiError with every mistake of the stage that fails."""
    read = read_plan(plan)
    board = Board(opener.board(read.plan.board, read.at), read.plan.board.ram)
    known = load_map(read.plan.firmware.map, read.at("$.firmware.map"), opener)
    allocation = allocate(resolve(read, board, known), read_lock(lock) if lock else Lock())

    def fragment(name: str) -> str:
        number = next(n for n, domain in enumerate(read.plan.domain) if name in domain.fragments)
        return opener.text(name, read.at(f"$.domain[{number}].fragments")).text

    files, notes = render(allocation, fragment)
    return Project(allocation, files, write_lock(allocation.lock), notes)


def load_map(name: str | None, span: Span, opener: Opener) -> ResourceMap:
    """Return the resource map of a name, which is that of one that is shipped, or a file's."""
    if name is None:
        return NO_MAP
    known = shipped()
    return read_map(known[name] if name in known else opener.text(name, span))
