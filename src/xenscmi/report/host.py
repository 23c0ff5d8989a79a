"""A host as a table: every agent with its owner, its page and its devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from xenscmi.host.index import Index, page, wanted_agent
from xenscmi.host.providers import ScmiProvider, scmi_providers
from xenscmi.host.types import Host, SecondaryAgent
from xenscmi.report.json import to_text
from xenscmi.report.table import table as text_table
from xenscmi.report.text import visible_lines
from xenscmi.report.wrapping import fold_all

XEN_OWNER = "Xen"
"""The owner of Xen's own agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device under SCMI control: its SCMI device id and its path in the host tree."""

    id: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """An agent; unknown values are None. `owners` are the domains that ask for it, or Xen; one, if all is well."""

    agent_id: int | None
    func_id: int | None
    page: int | None
    owners: tuple[str, ...]
    devices: tuple[DeviceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """A domain; `agent_id` is None if it asks for no agent."""

    name: str
    kind: str
    agent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What to show of a host: the container's path and dialect, the firmware's profile and trusted agent, the rows.

    Where no container tells Xen of agents, `providers` are the SCMI nodes that the tree has.
    """

    container: str | None
    dialect: str | None
    firmware: str
    trusted_agent: int | None
    agents: tuple[AgentRow, ...]
    domains: tuple[DomainRow, ...]
    providers: tuple[ScmiProvider, ...] = ()


def table(host: Host) -> Table:
    """Return the table of a host: Xen's own agent first, then the agents in the order of the list."""
    index = Index(host)
    first = next(iter(host.containers), None)
    rows = first.agents if first else ()
    return Table(
        container=first.path if first else None,
        dialect=first.dialect.value if first else None,
        firmware=host.firmware.profile,
        trusted_agent=host.firmware.trusted_agent,
        agents=(*_xens(index), *(_agent(index, row) for row in rows)),
        domains=tuple(_domain_row(index, number) for number in range(len(host.domains))),
        providers=scmi_providers(host.tree) if first is None and host.tree is not None else (),
    )


def _xens(index: Index) -> Iterable[AgentRow]:
    own = index.management
    if own is not None:
        func_id = own.func_id.value if own.func_id else None
        yield AgentRow(agent_id=index.xen_agent_id, func_id=func_id, page=page(own.shmem), owners=(XEN_OWNER,))


def _agent(index: Index, row: SecondaryAgent) -> AgentRow:
    users = index.users(row)
    devices = {
        (entry.arguments[0], assignment.device.path)
        for assignment, entry in index.grants
        if entry.arguments and index.channel(assignment.domain) is row
    }
    return AgentRow(
        agent_id=index.agent_id(row),
        func_id=row.func_id.value,
        page=page(row.shmem),
        owners=tuple(domain.title for domain in users),
        devices=tuple(DeviceRow(id=number, path=path) for number, path in sorted(devices)),
    )


def _domain_row(index: Index, number: int) -> DomainRow:
    domain = index.host.domains[number]
    wanted = wanted_agent(domain)
    return DomainRow(name=domain.name, kind=domain.kind.value, agent_id=wanted.value if wanted else None)


def render_json(found: Table) -> str:
    """Return the table as JSON."""
    return to_text(asdict(found))


def render(found: Table, width: int | None = None) -> str:
    """Return the table for people, folded to a width."""
    trusted = "" if found.trusted_agent is None else f", trusts agent {found.trusted_agent}"
    where = f"{found.container} ({found.dialect})" if found.container else "none"
    lines = [f"container: {where}", f"firmware: {found.firmware}{trusted}", ""]
    lines += _agents(found, width) if found.container else _providers(found)
    without = [row.name for row in found.domains if row.agent_id is None]
    if without:
        lines += ["", f"without an agent: {', '.join(without)}"]
    return fold_all(visible_lines("\n".join(lines)), width) + "\n"


def _agents(found: Table, width: int | None) -> Iterator[str]:
    rows = [
        (
            _number(row.agent_id),
            _hex(row.func_id),
            _hex(row.page),
            ", ".join(row.owners) or "-",
            "\n".join(f"{device.id} {device.path}" for device in row.devices) or "-",
        )
        for row in found.agents
    ]
    yield from text_table(("agent", "func_id", "page", "owner", "devices"), rows, width).rstrip("\n").split("\n")


def _providers(found: Table) -> Iterator[str]:
    """Yield the SCMI nodes of a host that has no agents yet, a device a line."""
    if not found.providers:
        yield "no SCMI node: the firmware is not known to have an SCMI interface"
    for each in found.providers:
        users = "1 device uses" if len(each.devices) == 1 else f"{len(each.devices) or 'no'} devices use"
        yield f"SCMI node {each.path} ({each.transport}), of which {users} clocks, resets or power domains"
        yield from (f"  {path}" for path in each.devices)


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _hex(value: int | None) -> str:
    return "?" if value is None else f"{value:#x}"
