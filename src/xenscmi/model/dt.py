"""The device tree as Xen reads it: which nodes it finds, in which order, and what it prints where it gives up.

`devicetree` says what is wrong with a tree; this module says what Xen does with it all the same. Names and behaviour
follow xen/common/device-tree/device-tree.c: the walk over all nodes is in document order, a node without phandle has
phandle 0, and addresses translate only through buses, nodes that have `ranges`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from xenscmi.devicetree.tree import Node, Tree
from xenscmi.model.console import Console
from xenscmi.toolstack.backend import XenError

MAX_ADDRESS_CELLS = 4
DEFAULT_ADDRESS_CELLS = 2
DEFAULT_SIZE_CELLS = 1


STALE_ARGUMENT = 0xA00
"""What Xen takes for an argument that `#access-controller-cells = <0>` does not provide: what lay on its stack. Real
Xen (4.23-unstable, arm64) was seen to read this."""


def read_u32(node: Node, name: str) -> int | None:
    """Return a property's first cell; None where the property is absent or shorter."""
    found = node.get(name)
    return int.from_bytes(found.value[:4], "big") if found is not None and len(found.value) >= 4 else None


def read_string(node: Node, name: str) -> str | None:
    """Return a property up to its first zero byte; None where it is absent, empty, or has no zero byte."""
    found = node.get(name)
    if found is None or b"\0" not in found.value:
        return None
    return found.value.partition(b"\0")[0].decode("ascii", "backslashreplace")


def is_compatible(node: Node, *compatible: str) -> bool:
    """Whether one of the node's `compatible` strings is one of these, which are in lower case: Xen ignores case."""
    found = node.get("compatible")
    if found is None:
        return False
    strings = found.value.lower().split(b"\0")
    return any(each.encode() in strings for each in compatible)


def stands_at(node: Node, path: str) -> bool:
    """Whether this is the node's full path. Names are compared first: a tree may be very deep."""
    return path.endswith(node.name) and node.path == path


def is_available(node: Node) -> bool:
    """Whether the node has no `status`, or one that says okay."""
    status = node.get("status")
    return status is None or status.value.partition(b"\0")[0] in (b"okay", b"ok")


def is_for_passthrough(node: Node) -> bool:
    """Whether the device is set aside for a guest."""
    return "xen,passthrough" in node


def find_compatible(tree: Tree, compatible: str) -> Node | None:
    """Return the first node of the tree that is compatible."""
    return next((node for node in tree.walk() if is_compatible(node, compatible)), None)


def find_by_phandle(tree: Tree, phandle: int) -> Node | None:
    """Return the first node of this phandle. Phandle 0 finds the first node that has none: mostly the root."""
    if phandle:
        return tree.by_phandle(phandle)
    return next((node for node in tree.walk() if "phandle" not in node and "linux,phandle" not in node), None)


def cells_of(node: Node, name: str, default: int) -> int:
    """Return how many cells numbers in this node's properties have, which the nearest node above it says."""
    for ancestor in node.ancestors():
        cells = read_u32(ancestor, name)
        if cells is not None:
            return cells
    return default


def address_cells(node: Node) -> int:
    """Return the number of address cells of the node's `reg`."""
    return cells_of(node, "#address-cells", DEFAULT_ADDRESS_CELLS)


def size_cells(node: Node) -> int:
    """Return the number of size cells of the node's `reg`."""
    return cells_of(node, "#size-cells", DEFAULT_SIZE_CELLS)


def raw_region(node: Node, index: int) -> tuple[int, int] | None:
    """Return address and size of entry `index` of `reg` as written, not translated; None where there is none."""
    reg = node.get("reg")
    address, size = 4 * address_cells(node), 4 * size_cells(node)
    start = index * (address + size)
    if reg is None or not 0 < address <= 4 * MAX_ADDRESS_CELLS or start + address + size > len(reg.value):
        return None
    entry = reg.value[start : start + address + size]
    return int.from_bytes(entry[:address], "big"), int.from_bytes(entry[address:], "big")


def raw_regions(node: Node) -> Iterator[tuple[int, int]]:
    """Yield address and size of each entry of `reg` as written, not translated."""
    index = 0
    while (region := raw_region(node, index)) is not None:
        yield region
        index += 1


def device_address(node: Node, index: int, console: Console) -> tuple[int, int]:
    """Return the physical address and the size of the node's region `index`.

    Raises XenError(EINVAL) where there is none or it does not translate, with Xen's line on the console, if Xen has
    one.
    """
    if node.parent is None or not is_bus(node.parent):
        raise XenError(errno.EINVAL)
    region = raw_region(node, index)
    if region is None:
        raise XenError(errno.EINVAL)
    return _translate(node, region[0], console), region[1]


def is_bus(node: Node) -> bool:
    """Whether Xen translates addresses of the node's children."""
    return node.parent is None or "ranges" in node


def _translate(node: Node, address: int, console: Console) -> int:
    """Carry an address up to the root's address space (__dt_translate_address)."""
    if not counts_are_good(node):
        console.print(f"dt_parse: Bad cell count for device {node.path}")
        raise XenError(errno.EINVAL)
    bus = node.parent
    while bus is not None and bus.parent is not None:
        if not is_bus(bus.parent):
            console.print(f"DT: {bus.parent.path} is not a valid bus")
            raise XenError(errno.EINVAL)
        if not counts_are_good(bus):
            console.print(f"dt_parse: Bad cell count for parent {bus.path}")
            raise XenError(errno.EINVAL)
        address = _translate_one(bus, node, address)
        node, bus = bus, bus.parent
    return address


def counts_are_good(node: Node) -> bool:
    """Whether addresses of a node can be read and translated at all (DT_CHECK_COUNTS)."""
    return 0 < address_cells(node) <= MAX_ADDRESS_CELLS and size_cells(node) > 0


def _translate_one(bus: Node, node: Node, address: int) -> int:
    """Carry an address of the bus's children into the space of the bus itself."""
    ranges = bus.get("ranges")
    if ranges is None:
        raise XenError(errno.EINVAL)
    if not ranges.value:
        return address
    child, parent, size = 4 * address_cells(node), 4 * address_cells(bus), 4 * size_cells(node)
    row = child + parent + size
    for start in range(0, len(ranges.value) - row + 1, row):
        entry = ranges.value[start : start + row]
        base = int.from_bytes(entry[:child], "big")
        if base <= address < base + int.from_bytes(entry[child + parent :], "big"):
            return int.from_bytes(entry[child : child + parent], "big") + address - base
    raise XenError(errno.EINVAL)


def phandle_list(node: Node, name: str, cells_name: str, console: Console) -> Iterator[tuple[Node, tuple[int, ...]]]:
    """Yield target and arguments of each entry of a list, up to the first that Xen cannot parse.

    Xen parses the list anew for each entry, and an entry that is phandle 0 ends the walk (dt_parse_phandle_with_args).
    """
    found = node.get(name)
    if found is None:
        return
    cells = [int.from_bytes(found.value[at : at + 4], "big") for at in range(0, len(found.value) // 4 * 4, 4)]
    at = 0
    while at < len(cells) and cells[at]:
        target = find_by_phandle(node.tree, cells[at])
        if target is None:
            console.print(f"{node.path}: could not find phandle")
            return
        count = read_u32(target, cells_name)
        if count is None:
            console.print(f"{node.path}: could not get {cells_name} for {target.path}")
            return
        if at + 1 + count > len(cells):
            console.print(f"{node.path}: arguments longer than property")
            return
        yield target, tuple(cells[at + 1 : at + 1 + count])
        at += 1 + count
