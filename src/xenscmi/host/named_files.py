"""The files that a manifest names, each by the key at which its name stands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xenscmi.devicetree import Tree
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.files import HostFiles
from xenscmi.host.manifest import WAY_OUT, Manifest, check_path, split_root
from xenscmi.host.search import Place, plain
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.source import Source, Span
from xenscmi.spelling import did_you_mean

Names = str | Sequence[str]


class NamedFiles:
    """Finds and reads the files of a manifest. Raises XenscmiError at their keys.

    A plain name is looked for in the manifest's folder, in those of `--include`, and below those of `--root`; one of
    the form NAME:FILE in the folder NAME of `[paths]` alone, or in the one that the command line puts in its place.
    """

    def __init__(self, files: HostFiles, path: Path, manifest: Manifest, places: TomlPlaces) -> None:
        self.files = files
        self.folder = path.parent
        self.manifest = manifest
        self.places = places
        self._roots = {name: self._root(name, given) for name, given in manifest.paths.items()}
        for name in files.search.named:
            if name not in manifest.paths:
                message = f"--root {name}=…: {path} has no folder `{name}' in [paths]"
                raise _error(message, self.places.at("$.paths"), _advice(name, self._roots))
        folders = (self.folder, *self._roots.values(), *files.search.include, *files.search.roots)
        self._allowed = [files.links.real(folder) for folder in folders]
        self.include = [next(self._find(name, key)).path for name, key in each(manifest.include, "$.include")]
        self.include += files.search.include

    def _root(self, name: str, given: str) -> Path:
        """Return a folder of `[paths]`, or what the command line puts in its place."""
        found = self.files.search.named.get(name)
        if found is not None:
            return found
        span = self.places.at(f"$.paths.{name}")
        if "\0" in given:
            raise _error(f"{given} is not a folder", span)
        root = plain(self.folder / given)
        if self.files.search.confined and not self.files.links.lead_below(root, self.files.links.real(self.folder)):
            help = f"give the folder on the command line: --root {name}=DIR"
            raise _error(f"{given} lies outside the host's folder, and the host is confined to it", span, help)
        return root

    def _find(self, name: str, key: str) -> Iterator[Place]:
        """Yield where a file may be, in the order in which it is looked for."""
        for place in self.looked_for(name, key):
            if not self.files.links.lead_below(place.path, *self._allowed):
                raise _error(f"{name} leads out of the host's folder", self.places.at(key), f"it is a link; {WAY_OUT}")
            yield place

    def looked_for(self, name: str, key: str = "$") -> list[Place]:
        """Return where a file is looked for, wherever links lead from there."""
        span = self.places.at(key)
        root, file = split_root(name)
        relative = check_path(file, span, root)
        if root is None:
            search = self.files.search
            return [Place(folder / relative, folder) for folder in (self.folder, *search.include, *search.roots)]
        if root in self._roots:
            return [Place(self._roots[root] / relative, self._roots[root])]
        raise _error(f"there is no folder `{root}' in [paths]", span, _advice(root, self._roots))

    def _read(self, name: str, key: str) -> tuple[Place, bytes]:
        root, _ = split_root(name)
        elsewhere = f": correct {root} in [paths], or say where it is with --root {root}=DIR" if root else ""
        return self.files.read_first(self._find(name, key), self.places.at(key), elsewhere)

    def name_of(self, path: Path) -> str:
        """Return how the manifest names a file: relative to its folder, or as NAME:FILE."""
        for name, root in self._roots.items():
            if path.is_relative_to(root):
                return f"{name}:{path.relative_to(root)}"
        return os.path.relpath(path, self.folder)

    def text(self, names: Names, key: str) -> Source:
        """Return the text of a file, or of several that are read as one."""
        found = [self._read(*named) for named in each(names, key)]
        return self.files.parsed.joined([self.files.parsed.text(place.path, data) for place, data in found])

    def trees(self, named: Sequence[tuple[str, str]]) -> dict[str, Tree]:
        """Return trees by their names, given with their keys. Raises XenscmiError with the errors of all of them."""
        keys: dict[str, str] = {}
        for name, key in named:
            keys.setdefault(name, key)
        files = [(*self._read(name, key), self.places.at(key)) for name, key in keys.items()]
        return dict(zip(keys, self.files.parse(files, self.include), strict=True))


def each(names: Names, key: str) -> Iterator[tuple[str, str]]:
    """Yield the names that stand at a key, one or a list, each with its own key."""
    if isinstance(names, str):
        yield names, key
    else:
        yield from ((name, f"{key}[{number}]") for number, name in enumerate(names))


def _advice(root: str, known: Iterable[str]) -> str:
    """Return what to do about a name that no folder of `[paths]` has."""
    return did_you_mean(root, known, f'add {root} = "FOLDER" to [paths]')


def _error(message: str, span: Span | None = None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
