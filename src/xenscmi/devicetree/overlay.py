"""Overlays, applied by libfdt; every part of the result keeps the place where it was written, in base or overlay.

libfdt's own answer comes from its program, fdtoverlay: a crash on a hostile overlay stays in that process. It gives a
bare error number, so what usually goes wrong (labels and targets that the base lacks) is looked for beforehand. So are
fixups that lead outside their property, which libfdt follows into foreign memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xenscmi.devicetree.dtb import NodePlaces, build, write_dtb
from xenscmi.devicetree.tree import DeviceTreeError, Node, Property, ShapeError, Tree
from xenscmi.diagnostics import Diagnostic

_LONGEST_OFFSET = 9
_REASON = re.compile(r"FDT_ERR_\w+")


def apply_overlays(base: Tree, overlays: Sequence[Tree]) -> Tree:
    """Return `base` with the overlays applied, one after the other.

    Raises DeviceTreeError for an overlay that is none, and for one that does not fit: a label or a target that neither
    the base nor an overlay before has.
    """
    for overlay in overlays:
        if not overlay.is_overlay:
            message = "it is not an overlay: no node below the root has an __overlay__"
            help = "an overlay's source starts with /dts-v1/; /plugin/;"
            raise DeviceTreeError(Diagnostic(message=message, span=overlay.root.span, help=help))
        base = _apply(base, overlay)
    return base


def _apply(base: Tree, overlay: Tree) -> Tree:
    _check_local_fixups(overlay)
    layers = _Layers(base, overlay)
    try:
        blob = _merge(base, overlay)
    except DeviceTreeError as error:
        raise DeviceTreeError(*(layers.doubts or error.diagnostics)) from None
    merged = build(blob, base.source, layers.place)
    return merged.finish(
        sources=tuple(dict.fromkeys([*base.sources, *overlay.sources])), warnings=[*base.warnings, *overlay.warnings]
    )


def _merge(base: Tree, overlay: Tree) -> bytes:
    """Return the DTB that fdtoverlay makes of both."""
    # Only a command that meets an overlay pays for these.
    from tempfile import TemporaryDirectory

    from xenscmi.devicetree.program import run

    with TemporaryDirectory(prefix="xenscmi-") as folder:
        (Path(folder) / "overlay").write_bytes(write_dtb(overlay))
        command = ["fdtoverlay", "-i", "-", "-o", "-", "overlay"]
        merged = run(command, write_dtb(base), Path(folder), overlay.root.span)
    if merged.status:
        reason = _REASON.search(merged.complaints.decode("latin-1"))
        why = reason[0] if reason else f"fdtoverlay failed with status {merged.status}"
        message = f"{overlay.source.name} cannot be applied to {base.source.name}: {why}"
        raise DeviceTreeError(Diagnostic(message=message, span=overlay.root.span))
    return merged.output


@dataclass(slots=True)
class _Target:
    """What the overlay puts on a path: fragments' contents here, and targets below."""

    contents: list[Node] = field(default_factory=list)
    below: dict[str, _Target] = field(default_factory=dict)


class _Layers:
    """Answers, for each node of the merged tree in order, where it and its properties were written."""

    def __init__(self, base: Tree, overlay: Tree) -> None:
        self.base = base
        self.doubts: list[Diagnostic] = []
        self.targets = _Target()
        for path, content in _fragments(base, overlay, self.doubts):
            target = self.targets
            for name in path.strip("/").split("/") if path != "/" else ():
                target = target.below.setdefault(name, _Target())
            target.contents.append(content)
        # For each open node of the merged tree: its node in the base, those in the overlay, and targets on its path.
        self._open: list[tuple[Node | None, list[Node], _Target]] = []

    def place(self, name: str, depth: int) -> NodePlaces:
        """Return the places of the next node of the merged tree."""
        del self._open[depth:]
        if self._open:
            below, above, targets = self._open[-1]
            target = targets.below.get(name, _Target())
            base = below.child(name) if below else None
            added = [child for node in above if (child := node.child(name))] + target.contents
        else:
            base, target = self.base.root, self.targets
            added = list(target.contents)
        self._open.append((base, added, target))
        nodes = [base, *added] if base else added
        # The content of a fragment stands in the source where its target is amended.
        return NodePlaces(
            labels=tuple(dict.fromkeys(label for node in nodes for label in node.labels)),
            spans=tuple(dict.fromkeys(span for node in nodes for span in node.spans)),
            properties={each.name: each.span for node in nodes for each in node.properties},
        )


def _fragments(base: Tree, overlay: Tree, doubts: list[Diagnostic]) -> Iterator[tuple[str, Node]]:
    """Yield each fragment's content with the path of its target; targets that may not exist are added to `doubts`.

    Raises DeviceTreeError with every label that the base lacks.
    """
    labels = _labels(base, overlay)
    targets: dict[Node, str] = {}
    for fragment in overlay.root.children:
        content = fragment.child("__overlay__")
        if content is None:
            continue
        target, path = fragment.get("target"), fragment.get("target-path")
        if (fragment.path, "target", 0) in labels:
            targets[content] = labels[fragment.path, "target", 0]
        elif target is not None:
            targets[content] = _inside(target, targets)
        elif path is not None:
            targets[content] = path.string()
            if base.node(path.string()) is None:
                message = f"{fragment.path}: target-path is {path.string()}, which {base.source.name} does not have"
                doubts.append(Diagnostic(message=message, span=content.span))
        else:
            help = 'write `target = <&label>;` or `target-path = "/path";`'
            raise ShapeError(f"{fragment.path} has no target", span=content.span, help=help)
        yield targets[content], content


def _labels(base: Tree, overlay: Tree) -> dict[tuple[str, str, int], str]:
    """Return the base's path for each place (node, property, offset) of the overlay that refers to one of its labels.

    Raises DeviceTreeError with all labels that the base does not have.
    """
    found: dict[tuple[str, str, int], str] = {}
    missing: list[Diagnostic] = []
    symbols, fixups = base.node("/__symbols__"), overlay.node("/__fixups__")
    for each in fixups.properties if fixups else ():
        symbol = symbols.get(each.name) if symbols else None
        for text in each.strings():
            path, _, place = text.partition(":")
            name, _, offset = place.partition(":")
            if not offset.isdecimal() or len(offset) > _LONGEST_OFFSET:
                raise each.error(f"holds {text!r}, which is not of the form path:property:offset")
            _check_fixup(each, overlay.node(path), name, int(offset))
            if symbol:
                found[path, name, int(offset)] = symbol.string()
            else:
                missing.append(_missing_label(base, each, overlay.node(path), name, int(offset)))
    if missing:
        raise DeviceTreeError(*missing)
    return found


def _check_local_fixups(overlay: Tree) -> None:
    """Refuse places of phandles inside the overlay that are none. Raises ShapeError."""
    root = overlay.node("/__local_fixups__")
    for fixups in root.walk() if root else ():
        node = overlay.node(fixups.path.removeprefix("/__local_fixups__") or "/")
        for each in fixups.properties:
            for offset in each.cells():
                _check_fixup(each, node, each.name, offset)


def _check_fixup(fixup: Property, node: Node | None, name: str, offset: int) -> None:
    """Refuse a fixup unless four bytes of the property stand at the offset. Raises ShapeError."""
    prop = node.get(name) if node else None
    if prop is None or offset + 4 > len(prop.value):
        raise fixup.error(f"leads to byte {offset} of {name}, where there is no phandle")


def _missing_label(base: Tree, label: Property, node: Node | None, name: str, offset: int) -> Diagnostic:
    """Return the error that `node`'s property refers to a label that the base lacks."""
    has_symbols = base.node("/__symbols__") is not None
    prop = node.get(name) if node else None
    content = node.child("__overlay__") if node else None
    span = prop.place(offset, 4) if prop else label.span
    if content:  # the target of `&label { … }`: the source has no other place for it
        span = content.span
    return Diagnostic(
        message=f"the overlay refers to the label {label.name}, which {base.source.name} does not have",
        span=span,
        help="name a label of the base, or put an overlay that has it before this one"
        if has_symbols
        else "the base has no /__symbols__: compile it with `dtc -@`",
    )


def _inside(target: Property, targets: dict[Node, str]) -> str:
    """Return the path in the base of a target that is a node of the overlay's own, put there by a fragment before."""
    node = target.node_at()
    for ancestor in (node, *node.ancestors()):
        if ancestor in targets:
            return targets[ancestor].rstrip("/") + node.path[len(ancestor.path) :]
    raise target.error(f"is {node.path}, which no fragment before puts into the base")
