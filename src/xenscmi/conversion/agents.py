"""Which agent each domain has had: the older dialects of EPAM do not say it.

Their Xen gave each domain the first agent of the list that was free, in the order in which the domains were made: dom0
first, then the dom0less domains, then those of the toolstack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.names import ARM_SCI_EPAM, CHOSEN
from xenscmi.bindings.properties import read_string
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.host.configuration import Configuration
from xenscmi.host.index import page, wanted_agent
from xenscmi.host.types import Container, Dialect, DomainKind, Host, HostDomain, SecondaryAgent
from xenscmi.source import Span

SCMI_TYPE = "scmi_smc"
"""What `xen,arm_sci`, and `arm_sci` of xl.cfg, say in EPAM's dialects."""
SWITCH = "scmi"
"""A key of EPAM's xl: whether a domain has SCMI."""
_ON = ("on", "1", "yes", "true")
UNNAMED = (Dialect.EPAM, Dialect.DEVICE_IDS)
"""The dialects in which no domain says which agent it has."""


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """A domain that asks for SCMI, its row of the list (None where none is left), and what tells so, for a person."""

    domain: HostDomain
    row: SecondaryAgent | None
    note: Diagnostic | None = None


def assign(host: Host, container: Container) -> tuple[AgentChoice, ...]:
    """Return the agent of each domain that asks for SCMI, those of the dialect and those that name theirs."""
    rows = {row.agent_id.value: row for row in reversed(container.agents) if row.agent_id is not None}
    stated = [(each, wanted_agent(each)) for each in host.domains]
    found = {id(each): rows.get(agent.value) for each, agent in stated if agent is not None}
    asking = [(each, place) for each, agent in stated if agent is None and (place := _asks(host, each)) is not None]
    notes: dict[int, Diagnostic] = {}
    for domain, place in asking:
        row, why = _told(domain, container)
        if row is not None and not any(row is each for each in found.values()):
            found[id(domain)] = row
            notes[id(domain)] = note(f"{domain.title} gets agent {_number(row)}, {why}", place, Severity.INFO)
    for domain, place in asking:
        if id(domain) not in found:
            row = next((row for row in container.agents if not any(row is each for each in found.values())), None)
            found[id(domain)] = row
            notes[id(domain)] = _by_order(domain, place, row)
    return tuple(AgentChoice(each, found[id(each)], notes.get(id(each))) for each in host.domains if id(each) in found)


def _asks(host: Host, domain: HostDomain) -> Span | None:
    """Return where a domain asks for SCMI in EPAM's words; None where it does not."""
    if domain.configuration is not None:
        return _asks_in_xlcfg(domain.configuration)
    node = host.tree.node(f"{CHOSEN}/{domain.name}") if host.tree and domain.kind is DomainKind.DOM0LESS else None
    prop = node.get(ARM_SCI_EPAM) if node is not None else None
    if node is None or prop is None or (read_string(node, ARM_SCI_EPAM) or "").replace("-", "_") != SCMI_TYPE:
        return None
    return prop.span


def _asks_in_xlcfg(configuration: Configuration) -> Span | None:
    for part in configuration.arm_sci:
        if part.key is None and part.text.strip() == SCMI_TYPE:
            return part.span
    switch = configuration.settings.get(SWITCH) if configuration.settings else None
    is_on = switch is not None and switch.value.span.text.strip("\"' ").lower() in _ON
    return switch.key_span if switch is not None and is_on else None


def _told(domain: HostDomain, container: Container) -> tuple[SecondaryAgent | None, str]:
    """Return the row that a domain's files tell, and how: they map its page, or the guest calls its function id."""
    mappings = list(_mappings(domain))
    for row in container.agents:
        at = page(row.shmem)
        if at is not None and any(start <= at < start + size and size == PAGE_SIZE for start, size in mappings):
            return row, f"whose page {at:#x} it maps"
    for node in domain.tree.scmi_nodes if domain.tree else ():
        for row in container.agents:
            if node.func_id and node.func_id.value is not None and node.func_id.value == row.func_id.value:
                return row, f"whose function id {node.func_id.value:#x} its partial tree has"
    return None, ""


def _mappings(domain: HostDomain) -> Iterator[tuple[int, int]]:
    yield from ((each.host, each.size) for each in domain.iomem)
    for node in domain.tree.nodes if domain.tree else ():
        yield from ((each.host, each.size) for each in (node.mappings.value if node.mappings else None) or ())


def _by_order(domain: HostDomain, place: Span, row: SecondaryAgent | None) -> Diagnostic:
    if row is None:
        message = f"{domain.title} asks for SCMI, and no agent of the list is left for it"
        return note(message, place, Severity.ERROR, "let the firmware have one more agent, and list it")
    order = "xl creates the domains in this order"
    if domain.kind is DomainKind.DOM0LESS:
        order = "Xen makes the domains in the order of the tree"
    message = f"{domain.title} gets agent {_number(row)}, which is the first free one if {order}"
    help = "no file says it: compare it with the firmware's agents, or with `Aquire SCMI channel' in the old Xen's log"
    return note(message, place, Severity.WARNING, help)


def _number(row: SecondaryAgent) -> int | None:
    return row.agent_id.value if row.agent_id else None


def note(message: str, span: Span | None, severity: Severity, help: str = "") -> Diagnostic:
    """Return what to tell a person about a conversion."""
    return Diagnostic(message=message, severity=severity, span=span, help=help)
