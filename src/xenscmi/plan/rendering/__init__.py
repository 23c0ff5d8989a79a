"""The files that follow from a plan with its numbers, each a module of its own; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi.devicetree import Builder, Tree, write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.boot_modules import boot_modules
from xenscmi.plan.guest_tree import guest_tree
from xenscmi.plan.rendering import domains_overlay, host_overlay, manifest, partial_tree, table, xlcfg

Fragments = Callable[[str], str]
"""Returns the text of a file that a domain's `fragments` name."""


def render(allocation: Allocation, fragments: Fragments) -> tuple[dict[str, bytes], tuple[Diagnostic, ...]]:
    """Return every file of the host by its name, and what is worth saying. Raises XenscmiError with all errors."""
    modules = boot_modules(allocation)
    files: dict[str, str] = {
        host_overlay.NAME: host_overlay.render(allocation),
        domains_overlay.NAME: domains_overlay.render(allocation, modules),
        manifest.NAME: manifest.render(allocation),
        table.NAME: table.render(allocation),
    }
    notes: list[Diagnostic] = list(allocation.resolved.notes)
    errors: list[Diagnostic] = []
    for allotment in allocation.guests:
        try:
            files |= _guest(allocation, allotment, fragments, notes)
        except XenscmiError as error:
            errors += error.diagnostics
    if errors:
        raise XenscmiError(*errors)
    encoded = {name: text.encode() for name, text in files.items()}
    encoded[manifest.BOARD] = write_dtb(with_chosen(allocation.resolved.board.tree))
    return dict(sorted(encoded.items())), tuple(notes)


def _guest(
    allocation: Allocation, allotment: Allotment, fragments: Fragments, notes: list[Diagnostic]
) -> Mapping[str, str]:
    section = allotment.domain.section
    assert section is not None
    texts = {name: fragments(name) for name in section.fragments}
    files = {}
    if allotment.channel is not None or allotment.domain.devices:
        tree = guest_tree(allocation, allotment)
        if tree.errors:
            raise XenscmiError(*tree.errors)
        notes += tree.notes
        appended = [text for name, text in texts.items() if not name.endswith(".cfg")]
        files[f"{section.name}.dts"] = partial_tree.render(allotment, tree, appended)
    if not allotment.domain.dom0less:
        appended = [text for name, text in texts.items() if name.endswith(".cfg")]
        files[f"{section.name}.cfg"] = xlcfg.render(allocation, allotment, appended)
    return files


def with_chosen(tree: Tree) -> Tree:
    """Return a tree with /chosen, to which overlays add: a boot loader makes one where there is none."""
    if tree.node("/chosen") is not None:
        return tree
    builder = Builder(tree.source)
    builder.reserve(*tree.reservations)
    for prop in tree.root.properties:
        builder.add(prop.name, prop.value)
    builder.begin("chosen")
    builder.end()
    depth = 0
    walk = tree.walk()
    next(walk)
    for node in walk:
        above = sum(1 for _ in node.ancestors())
        for _ in range(above, depth + 1):
            builder.end()
        builder.begin(node.name)
        for prop in node.properties:
            builder.add(prop.name, prop.value)
        depth = above
    return builder.finish()
