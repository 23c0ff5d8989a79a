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
    `Configuration.answers`). Give one to every `load_host` of the same host, or of hosts that share files: it keeps
    the last reading of each path, and no more. An error is not kept. A device tree that may include another file is
    read again every time.
    """

    def __init__(self) -> None:
        self._known: dict[object, tuple[tuple[object, ...], Any]] = {}

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
        if any(word in data for word in _INCLUDES):
            return parse_tree(data, path, include, within)
        return self._once((Tree, path), (data,), lambda: parse_tree(data, path, include, within))

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
