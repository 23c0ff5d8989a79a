"""The SCMI firmware interfaces of a tree, whatever their transport, and the devices that use them."""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.bindings.names import RESOURCE_CELLS
from xenscmi.bindings.properties import compatible
from xenscmi.devicetree import Node, Tree
from xenscmi.devicetree.tree import ShapeError

# Documentation/devicetree/bindings/firmware/arm,scmi.yaml of Linux. Xen forwards the first two transports alone.
TRANSPORTS = {
    "arm,scmi-smc": "SMC",
    "arm,scmi-smc-param": "SMC with parameters",
    "arm,scmi": "mailbox",
    "arm,scmi-virtio": "virtio",
    "linaro,scmi-optee": "OP-TEE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScmiProvider:
    """An SCMI node: its path, its transport in words, and the paths of the devices that its protocols serve."""

    path: str
    transport: str
    devices: tuple[str, ...]


def scmi_providers(tree: Tree) -> tuple[ScmiProvider, ...]:
    """Return the SCMI nodes of a tree in its order; the tree says nothing of agents, so nothing is said of them."""
    users: dict[str, list[str]] = {}
    for node in tree.walk():
        for path in dict.fromkeys(_used(node)):
            users.setdefault(path, []).append(node.path)
    return tuple(
        ScmiProvider(path=node.path, transport=transport, devices=tuple(users.get(node.path, ())))
        for node in tree.walk()
        if (transport := next((TRANSPORTS[each] for each in compatible(node) if each in TRANSPORTS), None))
    )


def _used(node: Node) -> list[str]:
    """Return the paths of the nodes above those that a device's clocks, resets and so on lead to."""
    found = []
    for name, cells_name in RESOURCE_CELLS.items():
        prop = node.get(name)
        try:
            targets = [each.target for each in prop.references(cells_name)] if prop else []
        except ShapeError:
            targets = []  # `check` says what is wrong
        found += [target.parent.path for target in targets if target.parent is not None]
    return found
