"""The Xen container: the node that tells Xen about the agents, in every dialect that is in use.

The reference is v8 and later (docs/misc/arm/device-tree/booting.txt of the series): a node compatible with `xen,sci`.
Older dialects are read into the same `Container`, so that no other module needs to know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.names import (
    CHOSEN,
    CONFIG_NODE_V5,
    DOM0_AGENT_ID,
    FIRMWARE_SCMI,
    SCMI_DEVID,
    SCMI_SHMEM,
    SCMI_SMC,
    SECONDARY_AGENTS,
    SECONDARY_AGENTS_CELLS,
    SECONDARY_AGENTS_CELLS_DEFAULT,
    SECONDARY_AGENTS_EPAM,
    SECONDARY_AGENTS_V4,
    XEN_SCI,
)
from xenscmi.bindings.properties import is_available, is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree.tree import Node, Property, Tree
from xenscmi.host.properties import stated, u32
from xenscmi.host.scmi_nodes import read_scmi_node, read_shmem, shmem_at
from xenscmi.host.types import Container, Dialect, SecondaryAgent, Stated

_DOM0_ON_COMMAND_LINE = re.compile(r"(?:^|\s)(?:dom0_scmi_agent_id=|dom0=(?:\S*,)?sci-agent-id=)(\w+)")


@dataclass(frozen=True, slots=True)
class _Form:
    """How a dialect writes the list: the property, and the column of each value in a row of three cells."""

    dialect: Dialect
    listing: str
    func_id: int
    shmem: int
    agent_id: int


_XEN_SCI = _Form(Dialect.CONTAINER, SECONDARY_AGENTS, 0, 1, 2)
_CONFIG_NODE = _Form(Dialect.CONFIG_NODE, SECONDARY_AGENTS, 0, 1, 2)
_CHOSEN = _Form(Dialect.CHOSEN_PROPERTY, SECONDARY_AGENTS_V4, 1, 2, 0)
_EPAM = _Form(Dialect.EPAM, SECONDARY_AGENTS_EPAM, 1, 2, 0)


def read_containers(tree: Tree, command_line: Stated[str] | None) -> tuple[Container, ...]:
    """Return the containers of a host tree in its order, those of older dialects last."""
    found = tuple(_read(node, form, command_line) for node, form in _find(tree))
    return found or tuple(_by_device_ids(tree))


def _by_device_ids(tree: Tree) -> Iterator[Container]:
    """Yield what EPAM's RFC makes of a tree: no list, but a page for each agent behind that of Xen's own channel."""
    node = tree.node(FIRMWARE_SCMI)
    own = read_scmi_node(node) if node and any(SCMI_DEVID in each for each in tree.walk()) else None
    if node is None or own is None or not own.shmem or not own.shmem.value or not own.func_id:
        return
    base, first = own.func_id.value, own.shmem.value.address
    pages = {
        page.address: page for each in tree.walk() if is_compatible(each, SCMI_SHMEM) and (page := read_shmem(each))
    }
    agents: list[SecondaryAgent] = []
    while base is not None and first is not None:
        agent_id = len(agents) + 1
        shmem = pages.get(first + agent_id * PAGE_SIZE)
        if shmem is None or base + agent_id >> 32:
            break
        span = shmem.span
        agents.append(
            SecondaryAgent(
                func_id=Stated(value=base + agent_id, span=span),
                shmem=Stated(value=shmem, span=span),
                agent_id=Stated(value=agent_id, span=span),
                span=span,
            )
        )
    yield Container(
        path=node.path,
        dialect=Dialect.DEVICE_IDS,
        cells=None,
        listing=None,
        agents=tuple(agents),
        management=(own,),
        dom0_agent=Stated(value=1, span=node.span),
        span=node.span,
        available=is_available(node),
    )


def _find(tree: Tree) -> Iterator[tuple[Node, _Form]]:
    for node in tree.walk():
        if is_compatible(node, XEN_SCI):
            yield node, _XEN_SCI
    for path, form in ((CONFIG_NODE_V5, _CONFIG_NODE), (CHOSEN, _CHOSEN), (FIRMWARE_SCMI, _EPAM)):
        node_of_path = tree.node(path)
        if node_of_path is not None and form.listing in node_of_path and not is_compatible(node_of_path, XEN_SCI):
            yield node_of_path, form


def _read(node: Node, form: _Form, command_line: Stated[str] | None) -> Container:
    dialect = form.dialect
    dom0_agent = u32(node, DOM0_AGENT_ID)
    listing = node.get(form.listing)
    cells = u32(node, SECONDARY_AGENTS_CELLS)
    agents = tuple(_rows(listing, form, cells)) if listing else ()
    if dialect is Dialect.EPAM:
        dom0_agent = agents[0].agent_id if agents else None  # the first that is free
    elif dom0_agent is None:
        dom0_agent = _dom0_on(command_line)
        if dom0_agent is not None and dialect is Dialect.CONTAINER:
            dialect = Dialect.CONTAINER_V7
    return Container(
        path=node.path,
        dialect=dialect,
        cells=cells,
        listing=stated(listing, Property.cells),
        agents=agents,
        management=tuple(read_scmi_node(each) for each in _management(node, form)),
        dom0_agent=dom0_agent,
        span=node.span,
        available=is_available(node),
    )


def _rows(listing: Property, form: _Form, cells: Stated[int] | None) -> Iterator[SecondaryAgent]:
    """Yield the rows; none where Xen refuses the list: it takes 2 or 3 cells per row, and whole rows only."""
    width = cells.value if cells and cells.value is not None else SECONDARY_AGENTS_CELLS_DEFAULT
    stated_values = stated(listing, Property.cells)
    values = (stated_values.value or ()) if stated_values else ()
    if width not in (2, 3) or len(values) % width:
        return
    for row in range(0, len(values), width):
        func_id, phandle, agent_id = (row + column for column in (form.func_id, form.shmem, form.agent_id))
        shmem = shmem_at(listing.node.tree, values[phandle], listing.place(4 * phandle))
        yield SecondaryAgent(
            func_id=Stated(value=values[func_id], span=listing.place(4 * func_id)),
            shmem=Stated(value=shmem, span=listing.place(4 * phandle)),
            agent_id=Stated(value=values[agent_id], span=listing.place(4 * agent_id)) if width > 2 else None,
            span=listing.place(4 * row),
        )


def _management(node: Node, form: _Form) -> Iterator[Node]:
    """Yield the SCMI nodes that are Xen's own channel in this dialect."""
    if form.dialect in (Dialect.CHOSEN_PROPERTY, Dialect.EPAM):
        own = node.tree.node(FIRMWARE_SCMI)
        if own is not None:
            yield own
        return
    yield from (each for each in _below(node) if is_compatible(each, SCMI_SMC))


def _below(node: Node) -> Iterator[Node]:
    walk = node.walk()
    next(walk)
    return walk


def _dom0_on(command_line: Stated[str] | None) -> Stated[int] | None:
    """Return dom0's agent from Xen's command line, as the series had it before v8."""
    found = _DOM0_ON_COMMAND_LINE.search(command_line.value or "") if command_line else None
    if command_line is None or found is None:
        return None
    try:
        return Stated(value=int(found[1], 0), span=command_line.span)
    except ValueError:
        return Stated(value=None, span=command_line.span)
