"""ImageBuilder's configuration (uboot-script-gen): what the boot loader loads, and what it changes in the host tree.

It is a shell script of assignments. These matter here: `DEVICE_TREE`; `DT_OVERLAY[N]`, the overlays that U-Boot applies
to it, as many as `NUM_DT_OVERLAY` says; and for domain N of `NUM_DOMUS`, whose node will be /chosen/domUN,
`DOMU_PASSTHROUGH_DTB[N]`, its partial tree, and `DOMU_PASSTHROUGH_PATHS[N]`, the devices that U-Boot marks
`xen,passthrough` once the overlays are applied. Nothing in it is run: words are unquoted, and what a shell would expand
is left alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from xenscmi.bindings.names import CHOSEN, XEN_PASSTHROUGH
from xenscmi.devicetree import Builder, Node, Tree
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.source import Source, Span

_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Z][A-Z0-9_]*)(?:\[(?P<index>[0-9]{1,5})\])?=(?P<value>.*)$", re.M
)

_LONGEST_VALUE = 4096
"""Characters of a value that is unquoted: as long as Linux allows a path to be."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's value, unquoted, and where the assignment stands."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class ImageBuilder:
    """The variables of a configuration, plain ones by name, those of domains by name and number; the last one wins."""

    variables: dict[str, Variable]
    indexed: dict[tuple[str, int], Variable]

    @property
    def device_tree(self) -> Variable | None:
        """The host device tree."""
        return self.variables.get("DEVICE_TREE")

    def partial_trees(self) -> dict[str, Variable]:
        """Return the partial trees by the names of their domains' nodes."""
        return {f"domU{n}": found for n, found in self._of_domains("DOMU_PASSTHROUGH_DTB")}

    def overlays(self) -> tuple[Variable, ...]:
        """Return the overlays of the host tree in their order."""
        count = self._count("NUM_DT_OVERLAY")
        return tuple(found for n, found in self._numbered("DT_OVERLAY") if n < count)

    def passthrough_paths(self) -> dict[str, Variable]:
        """Return the devices that are set aside for guests: each path, and the variable that names it."""
        return {path: found for _, found in self._of_domains("DOMU_PASSTHROUGH_PATHS") for path in found.value.split()}

    def _of_domains(self, name: str) -> Iterator[tuple[int, Variable]]:
        count = self._count("NUM_DOMUS")
        return ((n, found) for n, found in self._numbered(name) if n < count)

    def _numbered(self, name: str) -> list[tuple[int, Variable]]:
        numbered = ((n, found) for (each, n), found in self.indexed.items() if each == name)
        return sorted(numbered, key=lambda pair: pair[0])

    def _count(self, name: str) -> int:
        """Return a count; the script takes what is not a number, or not there, as none."""
        stated = self.variables.get(name)
        digits = stated.value.strip() if stated else ""
        return int(digits) if re.fullmatch(r"[0-9]{1,5}", digits) else 0


def read_imagebuilder(source: Source) -> ImageBuilder:
    """Return the assignments of a configuration; everything else in it is ignored."""
    variables: dict[str, Variable] = {}
    indexed: dict[tuple[str, int], Variable] = {}
    for match in _ASSIGNMENT.finditer(source.text):
        found = Variable(_unquoted(match["value"]), Span(source, match.start("name"), match.end()))
        if match["index"]:
            indexed[match["name"], int(match["index"])] = found
        else:
            variables[match["name"]] = found
    return ImageBuilder(variables, indexed)


def in_boot_order(overlays: Sequence[Tree], builder: ImageBuilder) -> list[Tree]:
    """Return overlays in the order in which U-Boot applies them; those that it does not apply come first."""
    order = {PurePath(variable.value).stem: number for number, variable in enumerate(builder.overlays())}
    return sorted(overlays, key=lambda tree: order.get(PurePath(tree.source.name).stem, -1))


def missing_parts(tree: Tree, builder: ImageBuilder) -> Iterator[Diagnostic]:
    """Yield what of a configuration is not in a host as it was read: overlays, domains, and devices to mark."""
    applied = {PurePath(source.name).stem for source in tree.sources}
    for variable in builder.overlays():
        if PurePath(variable.value).stem not in applied:
            yield Diagnostic(
                message=f"{variable.value or 'DT_OVERLAY'} is not here: {tree.source.name} is read without it",
                severity=Severity.WARNING,
                span=variable.span,
                help="correct its path, name its folder with -I DIR, or the target's files with --root DIR",
            )
    for name, variable in builder.partial_trees().items():
        if tree.node(f"{CHOSEN}/{name}") is None:
            yield Diagnostic(
                message=f"{tree.source.name} has no {CHOSEN}/{name}, which ImageBuilder makes at boot: "
                f"what that domain gets is not checked",
                severity=Severity.INFO,
                span=variable.span,
                help="to have it checked, write the domain's node in an overlay of the host tree",
            )
    yield from missing_devices(tree, builder)


def missing_devices(tree: Tree, builder: ImageBuilder) -> Iterator[Diagnostic]:
    """Yield what to say of devices that U-Boot cannot mark: the host tree does not have them."""
    for path, variable in builder.passthrough_paths().items():
        if tree.resolve(path) is None:
            yield Diagnostic(
                message=f"{tree.source.name} has no {path}: U-Boot cannot mark it {XEN_PASSTHROUGH}",
                severity=Severity.WARNING,
                span=variable.span,
                help="write the path of the device in the host tree",
            )


def mark_devices(tree: Tree, builder: ImageBuilder) -> Tree:
    """Return a host tree in which the devices for guests are marked `xen,passthrough`, as U-Boot does it."""
    marks = {node: found.span for path, found in builder.passthrough_paths().items() if (node := tree.resolve(path))}
    if not marks:
        return tree
    made = Builder(tree.source, spans=tree.root.spans, labels=tree.root.labels)
    made.reserve(*tree.reservations)
    made.set_boot_cpu(tree.boot_cpuid_phys)
    _copy(tree.root, made, marks)
    return made.finish(sources=tree.sources, warnings=tree.warnings)


def _copy(node: Node, made: Builder, marks: Mapping[Node, Span]) -> None:
    """Add what is in a node to the open node, and its mark if it has one."""
    for prop in node.properties:
        made.add(prop.name, prop.value, prop.span)
    if node in marks and XEN_PASSTHROUGH not in node:
        made.add(XEN_PASSTHROUGH, b"", marks[node])
    for child in node.children:
        made.begin(child.name, spans=child.spans, labels=child.labels)
        _copy(child, made, marks)
        made.end()


def looks_like_imagebuilder(text: str) -> bool:
    """Return whether a text is such a configuration: it gives the number of domains, or a device tree and a Xen."""
    names = {match["name"] for match in _ASSIGNMENT.finditer(text)}
    return "NUM_DOMUS" in names or ("DEVICE_TREE" in names and "XEN" in names)


def _unquoted(value: str) -> str:
    if len(value) > _LONGEST_VALUE:
        return value
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        return value.strip().strip("\"'")
    return words[0] if words else ""
