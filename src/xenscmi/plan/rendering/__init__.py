"""The files that follow from a plan with its numbers, each a module of its own; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xenscmi.devicetree import Builder, Node, Tree, write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.plan.allocation import Allocation, Allotment
from xenscmi.plan.board import Board
from xenscmi.plan.boot_modules import boot_modules, too_many
from xenscmi.plan.conflicts import remarks
from xenscmi.plan.guest_tree import guest_tree
from xenscmi.plan.rendering import (
    domains_overlay,
    host_overlay,
    imagebuilder,
    imx_sm,
    manifest,
    optee,
    partial_tree,
    scp,
    table,
    tfa,
    uboot,
    xlcfg,
    zephyr,
)

_FIRMWARE: Mapping[str, Callable[[Allocation], dict[str, str]]] = {
    "tfa": tfa.render,
    "optee": optee.render,
    "scp": scp.render,
    "imx-sm": imx_sm.render,
}
Fragments = Callable[[str], str]
"""Returns the text of a file that a domain's `fragments` name."""


def render(allocation: Allocation, fragments: Fragments) -> tuple[dict[str, bytes], tuple[Diagnostic, ...]]:
    """Return every file of the host by its name, and what is worth saying. Raises XenscmiError with all errors."""
    plan = allocation.resolved.read.plan
    modules = boot_modules(allocation)
    files: dict[str, str] = {
        host_overlay.NAME: host_overlay.render(allocation),
        domains_overlay.NAME: domains_overlay.render(allocation, modules),
        manifest.NAME: manifest.render(allocation),
        table.NAME: table.render(allocation),
        uboot.NAME: uboot.render(allocation, modules),
    }
    files |= imagebuilder.render(allocation)
    for each in plan.firmware.tables:
        files |= _FIRMWARE[each](allocation)
    notes: list[Diagnostic] = [*remarks(allocation.resolved), *too_many(modules)]
    errors: list[Diagnostic] = []
    for allotment in allocation.guests:
        try:
            files |= _guest(allocation, allotment, fragments, notes)
        except XenscmiError as error:
            errors += error.diagnostics
    if errors:
        raise XenscmiError(*errors)
    encoded = {name: text.encode() for name, text in files.items()}
    encoded[manifest.BOARD] = write_dtb(prepared(allocation.resolved.board, host_overlay.base_labels(allocation)))
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
        if allocation.resolved.dom0_section.zephyr:
            files |= zephyr.render(allocation, allotment)
    return files


def prepared(board: Board, labels: Mapping[Node, str]) -> Tree:
    """Return the board's tree as the overlays need it: with /chosen, and with labels for what they refer to."""
    tree = board.tree
    missing = {label: node.path for node, label in labels.items() if not board.label(node)}
    if tree.node("/chosen") is not None and not missing:
        return tree
    builder = Builder(tree.source)
    builder.reserve(*tree.reservations)
    open_nodes: list[Node] = []
    for node in tree.walk():
        while open_nodes and open_nodes[-1] is not node.parent:
            open_nodes.pop()
            builder.end()
        if node.parent is not None:
            builder.begin(node.name)
        open_nodes.append(node)
        for prop in node.properties:
            builder.add(prop.name, prop.value)
        if node.path == "/__symbols__":
            _add_symbols(builder, missing)
    for _ in open_nodes[1:]:
        builder.end()
    for name, needed in (("chosen", True), ("__symbols__", bool(missing))):
        if needed and tree.node(f"/{name}") is None:
            builder.begin(name)
            if name == "__symbols__":
                _add_symbols(builder, missing)
            builder.end()
    return builder.finish()


def _add_symbols(builder: Builder, symbols: Mapping[str, str]) -> None:
    for label, path in sorted(symbols.items()):
        builder.add(label, path.encode() + b"\0")
