"""Which agent a domain means by what its own files describe, and the edits that give it that agent."""

from __future__ import annotations

from xenscmi.bindings.names import CHOSEN, DOM0_AGENT_ID
from xenscmi.host.guest_memory import mappings, maps_host
from xenscmi.host.index import Index, page
from xenscmi.host.types import DomainKind, HostDomain, SecondaryAgent
from xenscmi.rules.editing import dts, xlcfg
from xenscmi.rules.rule import safe_fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.devicetree.tree import Node, Property
    from xenscmi.diagnostics import Fix
    from xenscmi.xlcfg import Settings


def has_page(index: Index, domain: HostDomain, row: SecondaryAgent) -> bool:
    """Return whether a domain has the page of a row's agent, whichever agent it asks for."""
    address = index.row_page(row)
    if domain.kind is DomainKind.DOM0:
        return index.dom0_channel is not None and address is not None and page(index.dom0_channel.shmem) == address
    return address is not None and any(maps_host(each, address) for each in mappings(domain))


def is_agreed(index: Index, row: SecondaryAgent) -> bool:
    """Return whether the list and the firmware have the same page and id for a function id, or nobody knows."""
    known = index.firmware_by_func_id.get(row.func_id.value)
    same_id = known is None or row.agent_id is None or known.agent_id == row.agent_id.value
    return same_id and index.row_page(row) == page(row.shmem)


def has_func_id(index: Index, domain: HostDomain, row: SecondaryAgent) -> bool:
    """Return whether a domain's own SCMI node has the function id of a row on which list and firmware agree."""
    described = index.described_row(domain) if is_agreed(index, row) else None
    return described is not None and described.func_id.value == row.func_id.value


def described_agent(index: Index, domain: HostDomain) -> int | None:
    """Return the agent whose function id and page a domain has; None where they differ, or where another has it."""
    row = index.described_row(domain)
    if row is None or not is_agreed(index, row) or not has_page(index, domain, row):
        return None
    if any(user is not domain for user in index.users(row)):
        return None
    number = index.agent_id(row)
    return number if number is not None and index.row_by_id.get(number) is row else None


def settings_of(domain: HostDomain) -> Settings | None:
    """Return the settings of a domain's xl.cfg; None for a domain that Xen makes."""
    return domain.configuration.settings if domain.configuration else None


def boot_node(index: Index, domain: HostDomain) -> Node | None:
    """Return the node below /chosen of which Xen makes a domain; None for others."""
    return index.host.tree.node(f"{CHOSEN}/{domain.name}") if index.host.tree and domain.has_node else None


def ask_for_described(index: Index, domain: HostDomain) -> Fix | None:
    """Return the fix by which a domain that asks for an agent asks for the one that its own files describe."""
    agent_id = described_agent(index, domain)
    if agent_id is None:
        return None
    title = f"Ask for agent {agent_id}, whose function id and page the domain has"
    if domain.kind is not DomainKind.TOOLSTACK:
        return safe_fix(title, dts.cells(_agent_property(index, domain), [agent_id]))
    parts = domain.configuration.arm_sci if domain.configuration else ()
    part = next((each for each in reversed(parts) if each.key == "agent_id"), None)
    if part is not None:
        return safe_fix(title, xlcfg.replace(part.span, part.text, f"agent_id={agent_id}"))
    kind = next((each for each in reversed(parts) if each.key == "type"), None)
    return safe_fix(title, xlcfg.replace(kind.span, kind.text, f"{kind.text},agent_id={agent_id}")) if kind else None


def _agent_property(index: Index, domain: HostDomain) -> Property | None:
    if domain.has_node:
        node = boot_node(index, domain)
        return node.get(domain.agent_property) if node else None
    return dts.property_of(index.host.tree, index.container.path, DOM0_AGENT_ID) if index.container else None
