"""What a file of a folder without a manifest is, as far as its name, its text or its tree tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from xenscmi.bindings.names import CHOSEN, PASSTHROUGH
from xenscmi.devicetree import Tree

TREES = (".dts", ".dtb")
OVERLAYS = (".dtso", ".dtbo")
_IMAGEBUILDER = ("config", "imagebuilder.cfg", "imagebuilder.config")

_KCONFIG = re.compile(r"CONFIG_\w+=|# CONFIG_\w+ is not set\b")
_KCONFIG_TEXT = re.compile(r"(?:[ \t]*(?:(?:CONFIG_\w+=|#)[^\n]*)?(?:\n|\Z))*+\Z")


def belongs(path: Path) -> bool:
    """Return whether a file that was found in a folder may belong to a host."""
    return path.suffix in (*TREES, *OVERLAYS, ".cfg") or path.name in _IMAGEBUILDER


def looks_like_kconfig(text: str) -> bool:
    """Return whether a text is a fragment of a Kconfig configuration: options and comments alone."""
    return _KCONFIG.search(text) is not None and _KCONFIG_TEXT.match(text) is not None


def is_partial(tree: Tree) -> bool:
    """Return whether a tree is a partial device tree: it has devices to pass through, and nothing that boots."""
    return tree.node(PASSTHROUGH) is not None and tree.node("/cpus") is None and tree.node(CHOSEN) is None


class Stack:
    """A tree and the overlays on it, in their order."""

    def __init__(self, base: Tree) -> None:
        self.base = base
        self.overlays: list[Tree] = []
        self._labels: set[str] = set()  # of the overlays

    def add(self, overlay: Tree) -> None:
        """Put an overlay on what is there."""
        self.overlays.append(overlay)
        self._labels |= {label for node in overlay.walk() for label in node.labels}
        symbols = overlay.node("/__symbols__")
        self._labels |= {each.name for each in symbols.properties} if symbols else set()

    def takes(self, overlay: Tree) -> bool:
        """Return whether the tree, with the overlays that are on it already, has everything that this one amends."""
        return all(self._has(target) for target in _targets(overlay))

    def _has(self, target: str) -> bool:
        if target.startswith("/"):
            return self.base.node(target) is not None
        return target in self._labels or self.base.by_label(target) is not None


def in_order(overlays: Sequence[Tree], stacks: Sequence[Stack]) -> Iterator[Tree]:
    """Yield the overlays of a folder, whose order nobody states: each after those that it needs, as far as there are.

    Put each on its stack before the next one is asked for.
    """
    waiting = list(overlays)
    while waiting:
        ready = (number for number, each in enumerate(waiting) if any(stack.takes(each) for stack in stacks))
        yield waiting.pop(next(ready, 0))


def base_of(overlay: Tree, host: Stack | None, partial: Sequence[Stack]) -> Stack | None:
    """Return what an overlay belongs on: the host's tree where it fits there, else the one partial tree that it fits.

    None where that is not clear. One that fits nothing is the host's, whose reader says what is missing.
    """
    if host is not None and host.takes(overlay):
        return host
    fitting = [stack for stack in partial if stack.takes(overlay)]
    if not fitting and host is not None and not _is_for_guest(overlay):
        return host
    candidates = fitting or partial
    return candidates[0] if len(candidates) == 1 else None


def _is_for_guest(overlay: Tree) -> bool:
    """Return whether an overlay amends `&passthrough`, which only a partial tree has."""
    return any(target in ("passthrough", PASSTHROUGH) for target in _targets(overlay))


def _targets(overlay: Tree) -> Iterator[str]:
    """Yield the labels that an overlay takes from its base, and the paths that it amends."""
    fixups = overlay.node("/__fixups__")
    for fixup in fixups.properties if fixups else ():
        yield fixup.name
    for fragment in overlay.root.children:
        path = fragment.get("target-path")
        if path is not None and path.value.endswith(b"\0"):
            yield path.strings()[0]
