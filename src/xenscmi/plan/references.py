"""References to clocks, resets and power domains, and what the firmware calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.properties import compatible, read_u32
from xenscmi.devicetree import Node, Property, ShapeError
from xenscmi.plan import terms
from xenscmi.plan.resource_map import ResourceMap
from xenscmi.source import Span

CELLS = {"clocks": "#clock-cells", "resets": "#reset-cells", "power_domains": "#power-domain-cells"}
PROTOCOLS = {"power_domains": 0x11, "clocks": 0x14, "resets": 0x16}
CONSUMERS = {
    "clocks": "clocks",
    "assigned-clocks": "clocks",
    "assigned-clock-parents": "clocks",
    "resets": "resets",
    "power-domains": "power_domains",
}
"""Properties that use resources, and of which kind."""
STATED = {"clocks": "clocks", "resets": "resets", "power_domains": "power-domains"}
"""The plan's own keys for a device's resources, and the properties that they stand for."""
FIXED = frozenset(("fixed-clock", "fixed-factor-clock"))


@dataclass(frozen=True, slots=True)
class Use:
    """One entry of such a property: what it leads to, and the SCMI id where the firmware has it.

    `target` is None for an empty entry (`<0>`).
    """

    kind: str
    target: Node | None
    cells: tuple[int, ...]
    scmi_id: int | None
    span: Span

    @property
    def fixed(self) -> bool:
        """Whether it leads to a clock that nobody controls."""
        return self.target is not None and not FIXED.isdisjoint(compatible(self.target))


def entries(prop: Property, cells_name: str) -> Iterator[tuple[Node | None, tuple[int, ...], Span]]:
    """Yield the entries of a list of references; an entry of phandle 0 is empty. Raises ShapeError."""
    values, at = prop.cells(), 0
    while at < len(values):
        if values[at] == 0:
            yield None, (), prop.place(4 * at, 4)
            at += 1
            continue
        target = prop.node.tree.by_phandle(values[at])
        if target is None:
            raise prop.error(f"refers to phandle {values[at]:#x}, which no node has", offset=4 * at)
        count = read_u32(target, cells_name)
        if count is None or at + 1 + count > len(values):
            raise prop.error(f"does not fit {cells_name} of {target.path}", offset=4 * at)
        yield target, values[at + 1 : at + 1 + count], prop.place(4 * at, 4 * (1 + count))
        at += 1 + count


def uses(prop: Property, known: ResourceMap) -> Iterator[Use]:
    """Yield the entries of a property in CONSUMERS. Raises ShapeError."""
    kind = CONSUMERS[prop.name]
    for target, cells, span in entries(prop, CELLS[kind]):
        number = None if target is None else _scmi_id(kind, target, cells, known)
        yield Use(kind, target, cells, number, span)


def consumers(node: Node) -> Iterator[Property]:
    """Yield the properties of a node that use resources."""
    yield from (prop for name in CONSUMERS if (prop := node.get(name)))


def used_ids(nodes: tuple[Node, ...], known: ResourceMap) -> dict[str, frozenset[int]]:
    """Return the SCMI ids of each kind that nodes use; entries that the map lacks are left out."""
    found: dict[str, set[int]] = {kind: set() for kind in CELLS}
    for node in nodes:
        for prop in consumers(node):
            try:
                for use in uses(prop, known):
                    if use.scmi_id is not None:
                        found[use.kind].add(use.scmi_id)
            except ShapeError:
                continue
    return {kind: frozenset(numbers) for kind, numbers in found.items()}


def scmi_protocol(node: Node) -> int | None:
    """Return the protocol that a node below an SCMI node stands for; None for other nodes."""
    if node.parent is None or terms.SCMI_COMPATIBLES.isdisjoint(compatible(node.parent)):
        return None
    return read_u32(node, "reg")


def _scmi_id(kind: str, target: Node, cells: tuple[int, ...], known: ResourceMap) -> int | None:
    """Return the SCMI id: the cell itself where the tree uses SCMI already, else what the map says."""
    if scmi_protocol(target) == PROTOCOLS[kind] and len(cells) == 1:
        return cells[0]
    return known.scmi_id(kind, target.path, cells)
