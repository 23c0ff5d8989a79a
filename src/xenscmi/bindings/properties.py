"""Properties and nodes as Xen reads and finds them (xen/common/device-tree/device-tree.c).

Xen compares `compatible`, node names and paths without regard to case, property names with it, and walks all nodes in
the order of the tree.
"""

from __future__ import annotations

from xenscmi.bindings.names import XEN_PASSTHROUGH
from xenscmi.devicetree.once import once
from xenscmi.devicetree.tree import Node, Tree


def read_u32(node: Node, name: str) -> int | None:
    """Return a property's first cell; None where the property is absent or shorter (dt_property_read_u32)."""
    found = node.get(name)
    return int.from_bytes(found.value[:4], "big") if found is not None and len(found.value) >= 4 else None


def read_string(node: Node, name: str) -> str | None:
    """Return a property up to its first zero byte; None where it is absent or has none (dt_property_read_string)."""
    found = node.get(name)
    if found is None or b"\0" not in found.value:
        return None
    return _text(found.value.partition(b"\0")[0])


@once
def compatible(node: Node) -> tuple[str, ...]:
    """Return the strings of `compatible` in lower case, an unterminated last one too."""
    found = node.get("compatible")
    return tuple(_text(part.lower()) for part in found.value.split(b"\0") if part) if found is not None else ()


def is_compatible(node: Node, *names: str) -> bool:
    """Return whether one of the node's `compatible` strings is one of these names, which are in lower case."""
    return "compatible" in node and any(each in names for each in compatible(node))


def device_type(node: Node) -> str | None:
    """Return `device_type`, up to its first zero byte or its end; None where the node has none."""
    found = node.get("device_type")
    return None if found is None else _text(found.value.partition(b"\0")[0])


def is_available(node: Node) -> bool:
    """Return whether the node has no `status`, or one that says "okay" or "ok" (dt_device_is_available)."""
    status = node.get("status")
    return status is None or status.value.partition(b"\0")[0] in (b"okay", b"ok")


def is_for_passthrough(node: Node) -> bool:
    """Return whether the device is set aside for a guest (dt_device_for_passthrough)."""
    return XEN_PASSTHROUGH in node


def find_compatible(tree: Tree, *names: str) -> Node | None:
    """Return the first node of the tree that is compatible with one of these (dt_find_compatible_node)."""
    return next((node for node in tree.walk() if is_compatible(node, *names)), None)


def find_by_phandle(tree: Tree, phandle: int) -> Node | None:
    """Return the first node with this phandle (dt_find_node_by_phandle).

    A node without a phandle has phandle 0 to Xen, so 0 finds the first of those: usually the root.
    """
    if phandle:
        return tree.by_phandle(phandle)
    return next((node for node in tree.walk() if "phandle" not in node and "linux,phandle" not in node), None)


def find_by_path(tree: Tree, path: str) -> Node | None:
    """Return the first node with this full path, whatever its case; no aliases, no options (dt_find_node_by_path)."""
    return path_finder(tree).find(path)


@once
def path_finder(tree: Tree) -> PathFinder:
    """Return what finds many nodes of a tree by their paths."""
    return PathFinder(tree)


class PathFinder:
    """Finds many nodes of a tree by their paths, as `find_by_path`: it remembers the names that it has compared."""

    def __init__(self, tree: Tree) -> None:
        self._root = tree.root
        self._children: dict[Node, dict[str, list[Node]]] = {}
        self._found: dict[str, Node | None] = {}

    def find(self, path: str) -> Node | None:
        """Return the first node with this full path, whatever its case; None where there is none."""
        if path not in self._found:
            self._found[path] = self._find(path)
        return self._found[path]

    def _find(self, path: str) -> Node | None:
        if not path.startswith("/"):
            return None
        found = [self._root]
        for name in path.lower().split("/")[1:] if path != "/" else ():
            found = [child for node in found for child in self._named(node).get(name, ())]
        return found[0] if found else None

    def _named(self, node: Node) -> dict[str, list[Node]]:
        names = self._children.get(node)
        if names is None:
            names = self._children[node] = {}
            for child in node.children:
                names.setdefault(child.name.lower(), []).append(child)
        return names


def has_path(node: Node, path: str) -> bool:
    """Return whether this is the node's full path, whatever its case (dt_node_path_is_equal)."""
    # The name is compared first: a tree may be very deep.
    return path.lower().endswith(node.name.lower()) and node.path.lower() == path.lower()


def _text(value: bytes) -> str:
    return value.decode("ascii", "backslashreplace")
