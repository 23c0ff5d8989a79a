"""What is kept of a running host: the tables, their rows, and the way back from them.

Texts and lists are kept as JSON, decoded by type: SQLite takes no bytes that are not UTF-8, which names and paths may
have, and a damaged row is a ValueError here, nothing worse.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.firmware import FirmwareState
from xenscmi.model.domain import Domain
from xenscmi.model.memory import AddressSpace, FrameRanges
from xenscmi.model.xen import DOMID_FIRST_RESERVED, MAX_FRAME, Model
from xenscmi.toolstack.backend import AgentInfo, DomainInfo, Inventory, RunState
from xenscmi.toolstack.offer import Offer

VERSION = 2
TABLES = (
    """CREATE TABLE machine (
        host TEXT NOT NULL, location TEXT NOT NULL, files TEXT NOT NULL, last_domid INTEGER NOT NULL,
        firmware TEXT NOT NULL, agents TEXT NOT NULL, scmi_works INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE domain (
        domid INTEGER PRIMARY KEY, name TEXT NOT NULL, agent_id INTEGER UNIQUE, max_vcpus INTEGER NOT NULL,
        memory_kb INTEGER NOT NULL, states TEXT NOT NULL, dying INTEGER NOT NULL, paused INTEGER NOT NULL,
        iomem TEXT NOT NULL, memory TEXT NOT NULL, irqs TEXT NOT NULL, nr_spis INTEGER NOT NULL,
        iommu INTEGER NOT NULL, devices TEXT NOT NULL, configuration TEXT,
        offer TEXT
    ) STRICT""",
    "CREATE TABLE console (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL) STRICT",
)
SCHEMA = (*TABLES, f"PRAGMA user_version = {VERSION}")

_Frame = Annotated[int, msgspec.Meta(ge=0, le=MAX_FRAME)]
_Address = Annotated[int, msgspec.Meta(ge=0, lt=MAX_FRAME << PAGE_SHIFT)]
_U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
_Domid = Annotated[int, msgspec.Meta(ge=0, lt=DOMID_FIRST_RESERVED)]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the machine: the host's fingerprint, where its files stand, and what Xen and the firmware keep."""

    host: str
    location: str
    files: Mapping[str, tuple[int, int] | None]
    last_domid: _Domid
    firmware: tuple[Mapping[_U32, tuple[list[_U32], list[tuple[_U32, _U32]]]], Mapping[_U32, Any]]
    agents: tuple[AgentInfo, ...]
    scmi_works: bool


class _DomainRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of domains."""

    domid: _Domid
    name: str
    agent_id: _U32 | None
    max_vcpus: _U32
    memory_kb: Annotated[int, msgspec.Meta(ge=0)]
    states: frozenset[RunState]
    dying: bool
    paused: bool
    iomem: tuple[tuple[_Frame, _Frame], ...]
    memory: tuple[tuple[_Frame, _Frame, _Frame], ...]
    irqs: frozenset[_U32]
    nr_spis: _U32
    iommu: bool
    devices: list[str]
    configuration: str | None
    offer: tuple[str, _U32, _Address] | None


class Snapshot(Inventory):
    """A running host as its last command left it, without its trees and its firmware."""

    def __init__(self, machine: Machine, rows: tuple[_DomainRow, ...]) -> None:
        self._machine = machine
        self._rows = rows

    def getdomaininfolist(self) -> tuple[DomainInfo, ...]:
        return tuple(
            DomainInfo(domid=row.domid, vcpus=row.max_vcpus, memory=row.memory_kb, states=row.states)
            for row in self._rows
        )

    def names(self) -> Mapping[int, str]:
        return {row.domid: row.name for row in self._rows if row.name}

    def configurations(self) -> Mapping[int, str]:
        return {row.domid: row.configuration for row in self._rows if row.configuration is not None}

    def agents(self) -> tuple[AgentInfo, ...]:
        return self._machine.agents

    def scmi_works(self) -> bool:
        return self._machine.scmi_works


def check_schema(connection: sqlite3.Connection, *, new: bool) -> None:
    """Raise ValueError for a file with other tables, or with views and triggers, which would run as code of the file's.

    A `new` file has nothing at all.
    """
    found = {
        (kind, sql)
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")
        if not name.startswith("sqlite_")
    }
    if found != (set() if new else {("table", sql) for sql in TABLES}):
        raise ValueError("it is another program's, or has other tables")


def machine_row(
    host: str, location: str, files: Mapping[str, tuple[int, int] | None], xen: Model
) -> tuple[object, ...]:
    """Return the row of the machine."""
    state = xen.firmware.state()
    return (
        host,
        _text(location),
        _text(files),
        xen.last_domid,
        _text((state.permissions, state.resources)),
        _text(xen.agents()),
        xen.scmi_works(),
    )


def read_machine(connection: sqlite3.Connection) -> Machine | None:
    """Return the row of the machine; None if no host runs. Raises ValueError for a damaged one."""
    row = connection.execute("SELECT * FROM machine").fetchone()
    if row is None:
        return None
    host, location, files, last_domid, firmware, agents, scmi_works = row
    return msgspec.convert(
        {
            "host": host,
            "location": _value(location),
            "files": _value(files),
            "last_domid": last_domid,
            "firmware": _value(firmware),
            "agents": _value(agents),
            "scmi_works": bool(scmi_works),
        },
        Machine,
        str_keys=True,
    )


def domain_row(domain: Domain) -> tuple[object, ...]:
    """Return the row of a domain."""
    offer = domain.offer
    return (
        domain.domid,
        _text(domain.name),
        domain.channel.agent_id if domain.channel else None,
        domain.max_vcpus,
        domain.memory_kb,
        _text(sorted(state.value for state in domain.states)),
        domain.dying,
        domain.paused,
        _text(domain.iomem.ranges),
        _text(domain.memory.mappings),
        _text(sorted(domain.irqs)),
        domain.nr_spis,
        domain.iommu,
        _text(domain.devices),
        _text(domain.configuration),
        _text([offer.node, offer.func_id, offer.shmem]) if offer else None,
    )


def read_snapshot(connection: sqlite3.Connection, machine: Machine) -> Snapshot:
    """Return what is kept of a host. Raises ValueError for damaged rows."""
    return Snapshot(machine, _read_rows(connection))


def _read_rows(connection: sqlite3.Connection) -> tuple[_DomainRow, ...]:
    cursor = connection.execute("SELECT * FROM domain ORDER BY domid")
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor:
        values = dict(zip(names, row, strict=True))
        for name in ("name", "states", "iomem", "memory", "irqs", "devices", "configuration", "offer"):
            values[name] = None if values[name] is None else _value(values[name])
        flags = {name: bool(values[name]) for name in ("dying", "paused", "iommu")}
        found.append(msgspec.convert(values | flags, _DomainRow))
    return tuple(found)


def restore(connection: sqlite3.Connection, machine: Machine, xen: Model) -> None:
    """Put a freshly booted host into the state that was kept.

    Raises ValueError, LookupError or XenError where it cannot be one of this host's.
    """
    booted = xen.domains
    xen.domains = {}
    xen.last_domid = machine.last_domid
    xen.mediator.release_all()
    xen.interrupts.release_all()
    xen.iommus.release_all()
    for row in _read_rows(connection):
        space = AddressSpace(xen.memory)
        for guest_frame, count, frame in row.memory:
            space.map(guest_frame, frame, count)
        domain = Domain(
            domid=row.domid,
            memory=space,
            max_vcpus=row.max_vcpus,
            hardware=row.domid in booted and booted[row.domid].hardware,
            iomem=FrameRanges(row.iomem),
            irq_access=booted[row.domid].irq_access if row.domid in booted else set(),
            nr_spis=row.nr_spis,
            iommu=row.iommu,
            devices=row.devices,
            tree=booted[row.domid].tree if row.domid in booted else (),
            dying=row.dying,
            paused=row.paused,
            name=row.name,
            memory_kb=row.memory_kb,
            configuration=row.configuration,
            offer=None if row.offer is None else Offer(node=row.offer[0], func_id=row.offer[1], shmem=row.offer[2]),
        )
        if row.agent_id is not None:
            xen.mediator.hand_over(domain, row.agent_id)
        xen.interrupts.hand_over(domain, row.irqs)
        xen.iommus.hand_over(row.domid, xen.tree, row.devices)
        xen.domains[row.domid] = domain
    permissions, resources = machine.firmware
    xen.firmware.restore(FirmwareState(dict(permissions), dict(resources)))
    xen.console.clear()


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(msgspec.to_builtins(value))


def _value(text: str) -> Any:
    """Return a kept value. Raises ValueError for what `_text` does not write: surrogates that stand for no byte."""
    value = json.loads(text)
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
    return value
