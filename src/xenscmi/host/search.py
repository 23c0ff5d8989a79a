"""Where the files of a host may lie that are not beside the file that names them.

They are looked for beside that file, then in the folders of `--include`, then below the target's root file systems
(`--root`). No name leads out of the folder in which it is looked up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_MOST_LINKS = 40
"""Symbolic links on the way to a file, as in Linux."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPath:
    """What the command line says about where files are.

    `include` are folders for the includes of DTS files, and for files that a manifest, an xl.cfg or ImageBuilder's
    configuration names. `roots` are root file systems of the target, or parts of them: a file that is named by its path
    on the target is looked for below them. `named` are folders by the names that a manifest gives them in `[paths]`,
    and take the place of those there. If `confined`, the folders of `[paths]` may not leave the manifest's. `follow` is
    told of each path at which a symbolic link, or where it leads, decided where a file was looked for.
    """

    include: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()
    named: Mapping[str, Path] = field(default_factory=dict)
    confined: bool = False
    follow: Callable[[Path], None] | None = None


class Place(NamedTuple):
    """A file that may be there, and the folder in which it was looked up: what a DTS includes may lie below that."""

    path: Path
    within: Path


def on_target(name: str, beside: Path, search: SearchPath, links: Links) -> Iterator[Place]:
    """Yield where a file may lie that is named by its path on the target, such as /boot/domu.dtb, in a file `beside`.

    The source of a device tree comes before its blob: it has lines.
    """
    path = PurePosixPath(name)
    if "\0" in name or not path.name:
        return
    inside = path.relative_to("/") if path.is_absolute() else path
    for folder in (beside, *search.include):
        names = (path.name,) if path.is_absolute() or ".." in path.parts else (inside, path.name)
        for each in dict.fromkeys(folder / one for one in names):
            for found in _source_first(each):
                if links.lead_below(found, links.real(folder)):
                    yield Place(found, folder)
                elif search.follow:
                    search.follow(found)
    for root in search.roots:
        for found in _source_first(Path(inside)):
            resolved = _below(root, found, search.follow)
            if resolved is not None:
                yield Place(resolved, root)


class Links:
    """Follows symbolic links; each folder is looked up once, so every load of a host makes its own."""

    def __init__(self) -> None:
        self._real: dict[Path, Path] = {}
        self._below: dict[tuple[Path, tuple[Path, ...]], bool] = {}

    def real(self, folder: Path) -> Path:
        """Return the path of a folder without symbolic links."""
        found = self._real.get(folder)
        if found is None:
            found = self._real[folder] = _real(folder)
        return found

    def lead_below(self, path: Path, *folders: Path) -> bool:
        """Return whether a path leads below one of these folders, whose own paths have no links (`real`)."""
        if path.name not in ("", "..") and not _is_link(path):
            here = path.parent, folders
            below = self._below.get(here)
            if below is None:
                below = self._below[here] = _is_below(self.real(path.parent), folders)
            if below:
                return True
        return _is_below(_real(path), folders)


def _is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _is_link(path: Path) -> bool:
    """Return whether a path is a symbolic link; not where that cannot be known: whoever reads the file says why."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve() raises for links in a circle


def plain(path: Path) -> Path:
    """Return a path without `..`, where that leads to the same place: as a person would write it."""
    short = Path(os.path.normpath(path))
    return short if os.path.realpath(short) == os.path.realpath(path) else path


def _source_first(path: Path) -> Iterator[Path]:
    source = {".dtb": ".dts", ".dtbo": ".dtso"}.get(path.suffix)
    if source:
        yield path.with_suffix(source)
    yield path


def _below(root: Path, path: Path, follow: Callable[[Path], None] | None) -> Path | None:
    """Return where a path of the target leads below its root file system, whose links mean the target's paths."""
    found, rest, links = Path(), list(path.parts), 0
    while rest:
        part = rest.pop(0)
        if part == "..":
            found = found.parent
            continue
        found /= part
        if follow:
            follow(root / found)  # also where there is no link yet: with one, the path leads elsewhere
        try:
            link = (root / found).readlink()
        except (OSError, ValueError):
            continue
        links += 1
        if links > _MOST_LINKS:
            return None
        found = Path() if link.is_absolute() else found.parent
        rest = [each for each in link.parts if each != "/"] + rest
    return root / found
