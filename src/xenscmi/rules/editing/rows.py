"""Fixes of rows of the list of agents, by the firmware's own table where that is known.

Two of a row's three values must be those of one agent of the firmware; the third is then certain.
"""

from __future__ import annotations

from xenscmi.bindings.addresses import written_reg
from xenscmi.bindings.names import SCMI_SHMEM
from xenscmi.bindings.properties import is_compatible
from xenscmi.host.index import Index, page
from xenscmi.host.passthrough import unit_address
from xenscmi.host.scmi_nodes import read_shmem
from xenscmi.rules.editing import dts
from xenscmi.rules.rule import fix_if, safe_fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.devicetree.tree import Node
    from xenscmi.diagnostics import Edit, Fix
    from xenscmi.host.types import FirmwareAgent, SecondaryAgent, Stated


def number_as_firmware(index: Index, row: SecondaryAgent) -> Fix | None:
    """Return the agent id of the firmware's agent with the row's function id and page: safe if nobody asks for it."""
    known = index.firmware_by_func_id.get(row.func_id.value)
    if known is None or row.agent_id is None or known.shmem != page(row.shmem) or _is_taken(index, known):
        return None
    title = f"Write agent {known.agent_id}"
    return fix_if(not index.users(row), title, _cell(index, row.agent_id, known.agent_id))


def call_as_firmware(index: Index, row: SecondaryAgent) -> Fix | None:
    """Return the function id of the firmware's agent with the row's agent id and page: safe if no domain denies it."""
    agents = index.host.firmware.agents or ()
    known = next((each for each in agents if row.agent_id and each.agent_id == row.agent_id.value), None)
    if known is None or not is_one_of_a_kind(index, known):
        return None
    if known.shmem != page(row.shmem) or known.func_id == _own_func_id(index):
        return None
    title = f"Write the function id {known.func_id:#x}"
    # If the domain has what is listed, the firmware's table is alone, and may be what is wrong.
    alone = any(index.described_row(user) is row for user in index.users(row))
    return fix_if(not alone, title, _cell(index, row.func_id, known.func_id))


def page_as_firmware(index: Index, row: SecondaryAgent) -> Fix | None:
    """Return the page of the firmware's agent with the row's function id and agent id, if a node has it."""
    known = index.firmware_by_func_id.get(row.func_id.value)
    if known is None or row.agent_id is None or row.agent_id.value != known.agent_id:
        return None
    if not is_one_of_a_kind(index, known):
        return None
    target = page_at(index, known.shmem)
    return safe_fix(f"Refer to the page {known.shmem:#x}", dts.reference(row.shmem.span, target))


def address_as_firmware(index: Index, row: SecondaryAgent) -> Fix | None:
    """Return the address of the firmware's page in `reg` of the row's page, if the name of its node has that."""
    known, listed = index.firmware_by_func_id.get(row.func_id.value), row.shmem.value
    node = index.host.tree.node(listed.path) if index.host.tree and listed and listed.path else None
    if known is None or not is_one_of_a_kind(index, known):
        return None
    if listed is None or node is None or unit_address(node) != known.shmem:
        return None
    written = written_reg(node)[0].address  # which `ranges` may translate
    new = written + known.shmem - (listed.address or 0)
    return safe_fix(f"Write {known.shmem:#x} as the page's address", dts.address(node, new))


def is_one_of_a_kind(index: Index, agent: FirmwareAgent) -> bool:
    """Return whether no other agent of the firmware has an agent's id, function id or page: else its table is wrong."""
    others = [each for each in index.host.firmware.agents or () if each is not agent]
    return not any(
        each.agent_id == agent.agent_id or each.func_id == agent.func_id or each.shmem == agent.shmem for each in others
    )


def page_at(index: Index, address: int) -> Node | None:
    """Return the node of shared memory below Xen's container that has an address."""
    container = index.host.tree.node(index.container.path) if index.host.tree and index.container else None
    nodes = container.walk() if container else ()
    return next(
        (each for each in nodes if is_compatible(each, SCMI_SHMEM) and read_shmem(each).address == address), None
    )


def _is_taken(index: Index, agent: FirmwareAgent) -> bool:
    """Return whether an agent is Xen's own, or has its id in another row, which is that agent's."""
    other = index.row_by_id.get(agent.agent_id)
    known = index.firmware_by_func_id.get(other.func_id.value) if other else None
    return agent.func_id == _own_func_id(index) or (known is not None and known.agent_id == agent.agent_id)


def _own_func_id(index: Index) -> int | None:
    return index.management.func_id.value if index.management and index.management.func_id else None


def _cell(index: Index, stated: Stated[int], new: int) -> Edit | None:
    """Return the edit of a cell of the list."""
    return dts.number(stated.span, stated.value, new) if stated.value is not None else None
