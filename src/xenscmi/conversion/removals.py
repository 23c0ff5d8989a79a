"""What an overlay cannot do: delete nodes and properties. Written for dtc, which deletes, and for U-Boot's `fdt rm`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xenscmi.devicetree import Builder, Node, Tree
from xenscmi.source import Span


@dataclass(frozen=True, slots=True)
class Removal:
    """A node at a path, or its property of a name, that has to go, and why; `span` is where it was written."""

    path: str
    name: str | None
    why: str
    span: Span = field(compare=False)

    @property
    def what(self) -> str:
        """What is removed, in words."""
        return f"{self.name} of {self.path}" if self.name else self.path


def as_dts(head: str, removals: Sequence[Removal]) -> str:
    """Return the removals as DTS, to be included after the tree."""
    lines = [head.rstrip("\n")]
    for each in removals:
        lines += ["", f"/* {each.why} ({_place(each.span)}). */"]
        if each.name is None:
            lines.append(f"/delete-node/ &{{{each.path}}};")
        else:
            lines += [f"&{{{each.path}}} {{", f"\t/delete-property/ {each.name};", "};"]
    return "\n".join(lines) + "\n"


def as_uboot(head: str, removals: Sequence[Removal]) -> str:
    """Return the removals as commands for U-Boot, after `fdt apply` of the overlay."""
    lines = [head.rstrip("\n")]
    lines += [f"fdt rm {each.path}" + (f" '{each.name}'" if each.name else "") for each in removals]
    return "\n".join(lines) + "\n"


def without(tree: Tree, removals: Iterable[Removal]) -> Tree:
    """Return a tree without what is removed; every part of it keeps its place."""
    gone = {(each.path, each.name) for each in removals}
    root = tree.root
    builder = Builder(tree.source, spans=root.spans, labels=root.labels)
    builder.reserve(*tree.reservations)
    builder.set_boot_cpu(tree.boot_cpuid_phys)
    pending: list[Node | None] = [root]  # None ends the open node
    while pending:
        node = pending.pop()
        if node is None:
            builder.end()
            continue
        path = node.path
        if (path, None) in gone:
            continue
        if node is not root:
            builder.begin(node.name, spans=node.spans, labels=node.labels)
            pending.append(None)
        for prop in node.properties:
            if (path, prop.name) not in gone:
                builder.add(prop.name, prop.value, prop.span)
        pending += reversed(list(node.children))
    return builder.finish(sources=tree.sources, warnings=tree.warnings)


def _place(span: Span) -> str:
    """Return where something was written, as a comment can hold it."""
    place = f"{span.source.name}:{span.line}" if span.source.text else span.source.name
    return "".join(each if each.isprintable() else "?" for each in place).replace("*/", "*")
