"""What the files of a host were read as, for whoever loads it again and again: an editor does so at every keystroke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from xenscmi.devicetree import Tree, apply_overlays, parse_tree
from xenscmi.host.configuration import Configuration, read_configuration
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.source import Source, join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.host.manifest import Manifest

T = TypeVar("T")

_INCLUDES = (b"include", b"incbin", b"embed")


class ParsedFiles:
    """Reads texts as `load_host` needs them; what has not changed since the last time is the same object again.

    Nothing here ever changes, so hosts can share it, and what was worked out from it stays with it (`devicetree.once`,
    `Configuration.once`). Give one to every `load_host` of the same host, or of hosts that share files: it keeps the
    last reading of each path, and no more. An error is not kept. `read` reads what a device tree includes, to see
    whether that is still the same, and raises OSError where there is nothing; without it, a tree that may include
    another file is read again every time.
    """

    def __init__(self, read: Callable[[Path], bytes] | None = None) -> None:
        self._known: dict[object, tuple[tuple[object, ...], Any]] = {}
        self._read = read

    def text(self, path: Path, data: bytes) -> Source:
        """Return a file's text; bytes that are not UTF-8 are kept."""
        return self._once((Source, path), (data,), lambda: Source(str(path), data.decode("utf-8", "surrogateescape")))

    def joined(self, sources: Sequence[Source]) -> Source:
        """Return several texts as one (`source.join`)."""
        return self._once((join, *(source.name for source in sources)), tuple(sources), lambda: join(sources))

    def configuration(self, source: Source) -> Configuration:
        """Return what an xl.cfg file says."""
        return self._once((Configuration, source.name), (source,), lambda: read_configuration(source))

    def manifest(self, source: Source) -> tuple[Manifest, TomlPlaces]:
        """Return a manifest, and the places of its keys. Raises XenscmiError as `read_manifest`."""
        from xenscmi.host.manifest import Manifest, read_manifest  # brings msgspec along

        return self._once((Manifest, source.name), (source,), lambda: (read_manifest(source), TomlPlaces(source)))

    def tree(self, data: bytes, path: Path, include: Sequence[Path] = (), within: Path | None = None) -> Tree:
        """Return a device tree. Raises DeviceTreeError as `parse_tree`."""
        known = self.known_tree(data, path, include, within)
        if known is not None:
            return known
        if self._read is None and any(word in data for word in _INCLUDES):
            return parse_tree(data, path, include, within)
        looked_for: list[tuple[Path, bytes | None]] = []
        tree = parse_tree(data, path, include, within, lambda *found: looked_for.append(found))
        self._known[Tree, path] = (data, tuple(include), within), (tree, looked_for)
        return tree

    def known_tree(
        self, data: bytes, path: Path, include: Sequence[Path] = (), within: Path | None = None
    ) -> Tree | None:
        """Return a device tree that was read before and is still the same; None where it is to be read."""
        inputs, (tree, looked_for) = self._known.get((Tree, path), ((), (None, ())))
        if inputs != (data, tuple(include), within) or any(self._content(file) != was for file, was in looked_for):
            return None
        found: Tree | None = tree
        return found

    def _content(self, path: Path) -> bytes | None:
        """Return what an include finds at a path; None for no file."""
        try:
            return self._read(path) if self._read else None
        except (OSError, ValueError):
            return None

    def with_overlays(self, base: Tree, overlays: Sequence[Tree]) -> Tree:
        """Return a tree with overlays applied. Raises DeviceTreeError as `apply_overlays`."""
        for number, overlay in enumerate(overlays):
            base = self._with_overlay(number, base, overlay)
        return base

    def _with_overlay(self, number: int, base: Tree, overlay: Tree) -> Tree:
        what = (apply_overlays, base.source.name, number)
        return self._once(what, (base, overlay), lambda: apply_overlays(base, [overlay]))

    def _once(self, what: object, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what was made of these inputs the last time, or make it."""
        known = self._known.get(what)
        if known is None or known[0] != inputs:
            known = self._known[what] = (inputs, make())
        made: T = known[1]
        return made
