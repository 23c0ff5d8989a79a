"""Opens a plan with what it names, by a function that the caller gives: a command's, or an editor's over its texts."""

from __future__ import annotations

from collections.abc import Callable
from os.path import realpath
from pathlib import Path, PurePosixPath

from xenscmi.devicetree import Tree
from xenscmi.host.files import HostFiles, Read
from xenscmi.host.parsed import ParsedFiles
from xenscmi.plan.lock import NAME as LOCK
from xenscmi.plan.project import Opener, Project, load_project
from xenscmi.plan.reading import failure
from xenscmi.plan.schema import BoardPlan
from xenscmi.source import Source, Span


def open_project(path: Path, read: Read, parsed: ParsedFiles | None = None) -> Project:
    """Return the plan at a path with all that it names. `parsed` has what was read before. Raises XenscmiError."""
    folder, files = path.parent, HostFiles(read, parsed=parsed)

    def inside(name: str, span: Span) -> Path:
        relative = PurePosixPath(name)
        found = folder / relative
        if relative.is_absolute() or "\0" in name or not Path(realpath(found)).is_relative_to(realpath(folder)):
            raise failure(f"{name} lies outside of the plan's folder", span, "name files by paths below it")
        return found

    def text(name: str, span: Span) -> Source:
        return files.text(inside(name, span), span)

    def board(section: BoardPlan, at: Callable[[str], Span]) -> Tree:
        include = [inside(name, at("$.board.include")) for name in section.include]

        def tree(name: str, key: str) -> Tree:
            found = inside(name, at(key))
            return files.parsed.tree(files.read(found, at(key)), found, include)

        base = tree(section.device_tree, "$.board.device_tree")
        return files.parsed.with_overlays(base, [tree(name, "$.board.overlays") for name in section.overlays])

    lock = files.read_if_there(folder / LOCK)
    source = None if lock is None else files.parsed.text(folder / LOCK, lock)
    return load_project(files.text(path), source, Opener(text=text, board=board))
