"""Which SCMI devices a host's device tree means, whether Xen understands it or not.

`bindings` has what Xen reads. Here an entry of `access-controllers` counts if it leads to any SCMI node, Xen's own or
not, and a node that does not say how many cells an entry has is taken to mean one: the id. So a device that Xen leaves
out without a word shows as one that its domain should have.
"""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import ACCESS_CONTROLLER_CELLS, ACCESS_CONTROLLERS, SCMI_SMC
from xenscmi.bindings.properties import is_compatible, read_u32
from xenscmi.devicetree import Node, Tree


def device_ids(node: Node) -> Iterator[int]:
    """Yield the SCMI device ids of a node of the host's tree."""
    found = node.get(ACCESS_CONTROLLERS)
    if found is None:
        return
    cells = [int.from_bytes(found.value[at : at + 4], "big") for at in range(0, len(found.value) // 4 * 4, 4)]
    at = 0
    while at + 1 < len(cells):
        if not cells[at]:  # an empty entry, at which Xen gives up
            at += 1
            continue
        target = node.tree.by_phandle(cells[at])
        if target is None:
            return
        stated = read_u32(target, ACCESS_CONTROLLER_CELLS)
        count = 1 if stated is None else stated
        if count and is_compatible(target, SCMI_SMC):
            yield cells[at + 1]
        at += 1 + count


def device_paths(tree: Tree) -> dict[int, tuple[str, ...]]:
    """Return which nodes of a host's tree are under the control of each SCMI device id."""
    found: dict[int, list[str]] = {}
    for node in tree.walk():
        for device in device_ids(node):
            found.setdefault(device, []).append(node.path)
    return {device: tuple(paths) for device, paths in found.items()}
