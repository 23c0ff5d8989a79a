"""A first plan for a board: its devices under SCMI control, and what keeps them from being given away.

Comments say which devices the firmware could be asked for, which share a page of registers or an interrupt, which have
no IOMMU that Xen drives, and what keeps Xen from booting.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from xenscmi.bindings import names
from xenscmi.bindings.addresses import address_count, translate
from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.properties import is_available, read_string
from xenscmi.devicetree import Node, ShapeError, Tree
from xenscmi.plan.board import Board, is_gic
from xenscmi.plan.planned import kept_by_xen
from xenscmi.plan.references import CONSUMERS, consumers, scmi_protocol, used_ids, uses
from xenscmi.plan.rendering.quoting import quoted
from xenscmi.plan.resource_map import NO_MAP, ResourceMap, read_map
from xenscmi.source import Source

_MANY = 200
"""Devices that are listed; a list that nobody reads to its end says nothing."""


def starting_plan(tree: Tree, path: str, map_name: str | None, map_source: Source | None) -> str:
    """Return the text of a plan for a board's tree; `map_name` and `map_source` are the resource map's, if any.

    Raises XenscmiError for a map that cannot be read.
    """
    board = Board(tree)
    known = read_map(map_source) if map_source else NO_MAP
    model = read_string(tree.root, "model") or path
    devices = [node for node in tree.walk() if _asks(node)]
    controlled = [node for node in devices if any(used_ids((node,), known).values())]
    lines = [
        f"# A plan for {_clean(model)}: who gets which device. `xenscmi plan render' writes all files of the host."
    ]
    lines += _obstacles(board)
    lines += ["", "[board]", *_board_file(path)]
    lines += ["# Guests cannot set pins. Who does for the devices that they are given?", 'pins = "boot-loader"']
    lines += _groups(board, set(controlled))
    lines += [
        "",
        "[firmware]",
        "# generic, tfa-rcar-gen4, tfa-rpi5 or scp",
        f"profile = {quoted(known.firmware or 'generic')}",
    ]
    lines += [f"map = {quoted(map_name)}"] if map_name else []
    lines += ["# The page of agent 0, and of agent n 4 KiB × n behind it; without it, the end of the RAM is taken."]
    lines += [f"pages = {known.pages:#x}" if known.pages is not None else "# pages = 0x47ff0000"]
    lines += [f"agents = {known.agents or 16}", "", "[dom0]"]
    lines += ["# All devices that use SCMI and that nobody else is given.", 'devices = "rest"', "memory = 512"]
    lines += ["", *_listing(board, devices, controlled, known)]
    lines += ["", "# A driver domain:", "# [[domain]]", '# name = "domd"', "# memory = 1024", "# devices = [ … ]"]
    return "\n".join(lines) + "\n"


def _board_file(path: str) -> Iterator[str]:
    """Yield the line that names the board's tree, which must be below the plan's folder."""
    relative = PurePosixPath(path)
    inside = not relative.is_absolute() and ".." not in relative.parts
    if not inside:
        yield f"# Copy {_clean(path)} beside this plan."
    yield f"device_tree = {quoted(path if inside else relative.name)}"


def _asks(node: Node) -> bool:
    """Return whether a node uses clocks, resets or power domains, and could be given to a domain."""
    if node.parent is None or scmi_protocol(node) is not None or kept_by_xen(node):
        return False
    return any(name in node for name in CONSUMERS) and ("reg" in node or "interrupts" in node)


def _obstacles(board: Board) -> Iterator[str]:
    found = list(_untranslatable(board))
    if not any(is_gic(node) for node in board.tree.walk()):
        found.append("there is no interrupt controller that Xen knows (arm,gic-v3, arm,gic-400, …)")
    if found:
        yield "#"
        yield "# What keeps Xen from booting on this board:"
        yield from (f"#   {each}" for each in found)


def _untranslatable(board: Board) -> Iterator[str]:
    """Yield what Xen cannot translate, of the devices that dom0 gets."""
    for node in board.tree.walk():
        if kept_by_xen(node) or node.path.startswith((names.RESERVED_MEMORY, names.CHOSEN)):
            continue
        for index in range(address_count(node)):
            try:
                translate(node, index)
            except BindingError as error:
                yield _clean(error.diagnostic.message)
                break


def _groups(board: Board, controlled: set[Node]) -> Iterator[str]:
    groups = list(_sharing(board, controlled))
    if not groups:
        return
    yield "# Devices that share a page of registers or an interrupt: who is given one is given all of its group."
    yield "groups = ["
    yield from (f"    [{', '.join(quoted(node.path) for node in group)}]," for group in groups)
    yield "]"


def _sharing(board: Board, controlled: set[Node]) -> Iterator[list[Node]]:
    """Yield groups of devices that must stay together, if one of them is under SCMI control."""
    seen: set[Node] = set()
    for node in board.hardware:
        if node in seen or node not in controlled:
            continue
        group: dict[Node, None] = {}
        pending = [node]
        while pending:
            each = pending.pop()
            if each in group:
                continue
            group[each] = None
            hardware = board.hardware[each]
            near = [other for region in hardware.regions for other in board.in_pages(region)]
            near += [other for interrupt in hardware.interrupts for other in board.on_line[interrupt.number]]
            pending += [other for other in near if not _related(each, other) and not kept_by_xen(other)]
        seen |= group.keys()
        if len(group) > 1:
            yield list(group)


def _related(node: Node, other: Node) -> bool:
    """Return whether one is below the other: they go together anyway."""
    return node is other or node in other.ancestors() or other in node.ancestors()


def _listing(board: Board, devices: list[Node], controlled: list[Node], known: ResourceMap) -> Iterator[str]:
    yield f"# Devices whose clocks, resets and power domains the firmware has: {len(controlled)}."
    for node in controlled[:_MANY]:
        yield f"#   {_describe(board, node, known)}"
    if len(controlled) > _MANY:
        yield f"#   … and {len(controlled) - _MANY} more"
    others = [node for node in devices if node not in set(controlled) and is_available(node)]
    if others:
        what = f"the map {known.name} lacks" if known.name else "need a resource map (firmware.map)"
        yield f"# Devices whose resources {what}: {len(others)}."
        for node in others[:_MANY]:
            yield f"#   {node.path}: {', '.join(_providers(node, known))}"


def _providers(node: Node, known: ResourceMap) -> list[str]:
    """Return what a device's resources lead to, as far as that can be read."""
    found: dict[str, None] = {}
    for prop in consumers(node):
        try:
            found |= dict.fromkeys(use.target.path for use in uses(prop, known) if use.target and not use.fixed)
        except ShapeError:
            continue
    return sorted(found)


def _describe(board: Board, node: Node, known: ResourceMap) -> str:
    parts = []
    for kind, numbers in used_ids((node,), known).items():
        if numbers:
            parts.append(f"{kind.replace('_', ' ')} {', '.join(map(str, sorted(numbers)))}")
    ids = [str(row.id) for row in known.devices.get(node.path, ())]
    parts += [f"SCMI id{'s' if len(ids) > 1 else ''} {', '.join(ids)}"] if ids else []
    if "iommus" in node:
        parts.append("behind an IOMMU" if board.protected(node) else "behind an IOMMU that Xen does not drive")
    elif "dmas" not in node and ("dma-coherent" in node or "dma-ranges" in node):
        parts.append("a DMA master without IOMMU")
    parts += [] if is_available(node) else ["disabled"]
    label = board.label(node)
    return f"{node.path}{f' ({label})' if label else ''}: {'; '.join(parts)}"


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
