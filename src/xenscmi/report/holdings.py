"""Who has what on a host: every agent with its page and owners, every domain with its devices and interrupts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index
from xenscmi.host.passthrough import spis
from xenscmi.host.types import GuestMapping, Host, HostDomain
from xenscmi.report.host import AgentRow, Table, table

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHolding:
    """A device of a domain: its path in the host's tree, its SCMI device ids, and its interrupts (GIC numbers)."""

    path: str
    ids: tuple[int, ...]
    interrupts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainHolding:
    """A domain and what it has; `interrupts` are all that it gets, those of its devices and others (GIC numbers).

    For dom0, `devices` are those under SCMI control: the rest of the board is its own, too.
    """

    name: str
    kind: str
    agent_id: int | None
    devices: tuple[DeviceHolding, ...]
    interrupts: tuple[int, ...]
    memory: tuple[GuestMapping, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the files of a host give to whom: `model` is what its tree calls itself, `host` its table of agents."""

    model: str
    host: Table
    domains: tuple[DomainHolding, ...]

    @property
    def agents(self) -> tuple[AgentRow, ...]:
        return self.host.agents

    def shared_pages(self) -> frozenset[int]:
        """Return the pages that several agents have."""
        return _repeated(row.page for row in self.agents if row.page is not None)

    def shared_devices(self) -> frozenset[str]:
        """Return the devices that several domains have."""
        return _repeated(each.path for domain in self.domains for each in domain.devices)

    def shared_interrupts(self) -> frozenset[int]:
        """Return the interrupts that several domains have."""
        return _repeated(number for domain in self.domains for number in domain.interrupts)


def holdings(host: Host) -> Holdings:
    """Return what the files of a host give to whom."""
    index, rows = Index(host), table(host)
    interrupts: dict[int, set[int]] = {id(each): set() for each in host.domains}
    for number, owners in index.passthrough.interrupt_owners.items():
        for owner in owners:
            interrupts[id(owner.domain)].add(number)
    devices: dict[int, dict[str, DeviceHolding]] = {id(each): {} for each in host.domains}
    for domain, path in _given(index):
        devices[id(domain)].setdefault(path, _device(index, path, interrupts[id(domain)]))
    return Holdings(
        model=_model(host),
        host=rows,
        domains=tuple(
            DomainHolding(
                name=row.name,
                kind=row.kind,
                agent_id=row.agent_id,
                devices=tuple(devices[id(domain)].values()),
                interrupts=tuple(sorted(interrupts[id(domain)])),
                memory=mappings(domain),
            )
            for row, domain in zip(rows.domains, host.domains, strict=True)
        ),
    )


def _given(index: Index) -> Iterator[tuple[HostDomain, str]]:
    for assignment in index.assignments:
        yield assignment.domain, assignment.device.path
    for given in index.passthrough.given:
        yield given.domain, given.node.path


def _device(index: Index, path: str, of_domain: set[int]) -> DeviceHolding:
    known, node = index.device(path), index.passthrough.node(path)
    entries = known.entries if known else ()
    lines = {number for number, _ in spis(node)} & of_domain if node else ()
    ids = dict.fromkeys(entry.arguments[0] for entry in entries if entry.arguments)
    return DeviceHolding(path=path, ids=tuple(ids), interrupts=tuple(sorted(lines)))


def _model(host: Host) -> str:
    stated = host.tree.root.get("model") if host.tree else None
    return stated.value.rstrip(b"\0").decode("utf-8", "replace") if stated else ""


def _repeated(values: Iterable[T]) -> frozenset[T]:
    return frozenset(value for value, times in Counter(values).items() if times > 1)


def runs(numbers: Sequence[int]) -> str:
    """Return sorted numbers as text, neighbours as ranges: `0–3, 7`."""
    shown: list[list[int]] = []
    for number in numbers:
        if shown and number == shown[-1][-1] + 1:
            shown[-1][1:] = [number]
        else:
            shown.append([number])
    return ", ".join("–".join(map(str, each)) for each in shown)
