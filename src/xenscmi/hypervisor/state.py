"""The model's state between commands, in SQLite: one file for one running host.

A command opens a session: it then has the host for itself, works on the model in memory, and at its end everything is
written in one transaction. So two commands never see each other's half-done work, and a command that is killed has
never happened. Not kept: what stands in the shared pages; every command finds the channels free.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import FirmwareState
from xenscmi.host.types import Host
from xenscmi.hypervisor.console import CAPACITY
from xenscmi.hypervisor.domain import Domain
from xenscmi.hypervisor.errors import XenError
from xenscmi.hypervisor.machine import boot, partial_trees, platform_of
from xenscmi.hypervisor.memory import AddressSpace, FrameRanges
from xenscmi.hypervisor.model import Model
from xenscmi.hypervisor.toolstack import CreationError

WAIT = 300.0
"""How long a command waits for others to end, in seconds."""

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE machine (host TEXT NOT NULL, last_domid INTEGER NOT NULL, firmware TEXT NOT NULL)",
    """CREATE TABLE domain (
        domid INTEGER PRIMARY KEY, name TEXT UNIQUE, agent_id INTEGER UNIQUE, max_vcpus INTEGER NOT NULL,
        dying INTEGER NOT NULL, iomem TEXT NOT NULL, memory TEXT NOT NULL, devices TEXT NOT NULL, configuration TEXT
    )""",
    "CREATE TABLE console (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL)",
    f"PRAGMA user_version = {_VERSION}",
)


class StateError(XenscmiError):
    """The state file cannot be used."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=message, help=help))


class Session:
    """A running host: the model, and what the toolstack keeps of its domains.

    `names`: domain id → name; `configurations`: domain id → what the domain was made of, in the toolstack's own words.
    """

    def __init__(self, xen: Model) -> None:
        self.xen = xen
        self.names: dict[int, str] = {0: "Domain-0"} if 0 in xen.domains else {}
        self.configurations: dict[int, str] = {}

    def domid(self, name: str) -> int | None:
        """Return the id of the domain of this name or, where none has it, this id; None where there is none."""
        found = next((domid for domid, each in self.names.items() if each == name), None)
        if found is None and name.isascii() and name.isdecimal() and int(name) in self.xen.domains:
            return int(name)
        return found


class Store:
    """The state file of a host; the host is booted when the first command needs it.

    All methods raise StateError where the file cannot be used, and Panic where Xen panics at boot.
    """

    def __init__(self, path: Path, host: Host) -> None:
        self._path = path
        self._host = host
        self._fingerprint = _fingerprint(host)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Have the host for oneself until the end of the block, and keep what became of it.

        What Xen refuses leaves its traces too (ids go up, lines are logged): a block that ends by XenError or
        CreationError is kept. Any other exception leaves everything as it was.
        """
        with self._transaction("IMMEDIATE") as connection:
            session = self._load(connection)
            try:
                yield session
            except (XenError, CreationError):
                self._save(connection, session)
                connection.execute("COMMIT")
                raise
            self._save(connection, session)
            connection.execute("COMMIT")

    def look(self) -> Session:
        """Return the host as it is; what is done to it then is not kept."""
        with self._transaction("DEFERRED") as connection:
            if not _is_new(connection) and _host_of(connection) == self._fingerprint:
                return self._load(connection)
        with self.session() as session:
            return session

    def log(self) -> list[str]:
        """Return Xen's log since boot, as far as it is kept."""
        self.look()
        with self._transaction("DEFERRED") as connection:
            return [line for (line,) in connection.execute("SELECT line FROM console ORDER BY number")]

    def reboot(self) -> None:
        """Forget the running host and all its domains: the next command boots it anew."""
        with self._transaction("IMMEDIATE") as connection:
            if not _is_new(connection):
                _clear(connection)
            connection.execute("COMMIT")

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Open the file and begin; whoever does not commit changes nothing."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=WAIT, isolation_level=None)) as connection:
                connection.execute(f"BEGIN {kind}")
                yield connection
        except sqlite3.Error as error:
            raise StateError(f"cannot use the state file {self._path}: {error}", "remove it, or name another") from None
        except OSError as error:
            raise StateError(f"cannot use the state file {self._path}: {error.strerror}") from None

    def _load(self, connection: sqlite3.Connection) -> Session:
        if _is_new(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
        row = connection.execute("SELECT host, last_domid, firmware FROM machine").fetchone()
        session = Session(boot(self._host))
        if row is None:
            session.names |= _names_at_boot(self._host, session.xen)
        elif row[0] == self._fingerprint:
            _restore(connection, session, row[1], row[2])
        elif _runs_only(connection, session.xen.domains):
            _clear(connection)
            session.names |= _names_at_boot(self._host, session.xen)
        else:
            raise StateError(
                f"the host's files have changed since it was booted, and domains run on it (state in {self._path})",
                "reboot the modelled host by removing its state file, or restore the files and destroy the domains",
            )
        return session

    def _save(self, connection: sqlite3.Connection, session: Session) -> None:
        xen = session.xen
        connection.execute("DELETE FROM machine")
        firmware = json.dumps(xen.firmware.state())
        connection.execute("INSERT INTO machine VALUES (?, ?, ?)", (self._fingerprint, xen.last_domid, firmware))
        connection.execute("DELETE FROM domain")
        rows = [_row(session, domain) for domain in xen.domains.values()]
        connection.executemany("INSERT INTO domain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO console (line) VALUES (?)", [(line,) for line in xen.console.lines])
        connection.execute("DELETE FROM console WHERE number <= (SELECT MAX(number) FROM console) - ?", (CAPACITY,))


def _is_new(connection: sqlite3.Connection) -> bool:
    """Whether the file has no state yet. Raises StateError where it has another program's."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _VERSION):
        raise StateError(f"the state file was written by another version ({version})", "remove it, or name another")
    return bool(version == 0)


def _host_of(connection: sqlite3.Connection) -> str | None:
    """Return which host was booted; None before any was."""
    row = connection.execute("SELECT host FROM machine").fetchone()
    return None if row is None else str(row[0])


def _clear(connection: sqlite3.Connection) -> None:
    for statement in ("DELETE FROM machine", "DELETE FROM domain", "DELETE FROM console"):
        connection.execute(statement)


def _runs_only(connection: sqlite3.Connection, booted: dict[int, Domain]) -> bool:
    """Whether the kept domains are just those that the boot makes."""
    return {domid for (domid,) in connection.execute("SELECT domid FROM domain")} <= booted.keys()


def _names_at_boot(host: Host, xen: Model) -> dict[int, str]:
    """Return the names of the dom0less domains, as far as the boot has them."""
    domus = sorted(domid for domid in xen.domains if domid)
    return dict(zip(domus, (domain.name for domain in host.domains if domain.kind.value == "dom0less"), strict=False))


def _row(session: Session, domain: Domain) -> tuple[object, ...]:
    return (
        domain.domid,
        session.names.get(domain.domid),
        domain.channel.agent_id if domain.channel else None,
        domain.max_vcpus,
        domain.dying,
        json.dumps(domain.iomem.ranges),
        json.dumps(domain.memory.mappings),
        json.dumps(domain.devices),
        session.configurations.get(domain.domid),
    )


def _restore(connection: sqlite3.Connection, session: Session, last_domid: int, firmware: str) -> None:
    """Put a freshly booted host into the state that was kept."""
    xen, booted = session.xen, session.xen.domains
    xen.domains = {}
    xen.last_domid = last_domid
    xen.mediator.release_all()
    rows = connection.execute("SELECT * FROM domain ORDER BY domid")
    for domid, name, agent_id, max_vcpus, dying, iomem, memory, devices, configuration in rows:
        space = AddressSpace(xen.memory)
        for guest_frame, count, frame in json.loads(memory):
            space.map(guest_frame, frame, count)
        domain = Domain(
            domid=domid,
            memory=space,
            max_vcpus=max_vcpus,
            hardware=domid == 0,
            iomem=FrameRanges(tuple((start, end) for start, end in json.loads(iomem))),
            devices=json.loads(devices),
            tree=booted[domid].tree if domid in booted else (),
            dying=bool(dying),
        )
        if agent_id is not None:
            xen.mediator.hand_over(domain, agent_id)
        xen.domains[domid] = domain
        if name is not None:
            session.names[domid] = name
        if configuration is not None:
            session.configurations[domid] = configuration
    permissions, resources = json.loads(firmware)
    agents = {
        int(agent): (granted, [(device, protocol) for device, protocol in denied])
        for agent, (granted, denied) in permissions.items()
    }
    xen.firmware.restore(FirmwareState(agents, {int(protocol): rows for protocol, rows in resources.items()}))
    xen.console.clear()


def _fingerprint(host: Host) -> str:
    """Return what tells this host from others: its trees and its firmware."""
    digest = hashlib.sha256(
        repr((host.firmware.profile, sorted(host.firmware.unsupported), platform_of(host))).encode()
    )
    trees = [host.tree, *(tree for _, tree in sorted(partial_trees(host).items()))]
    for tree in trees:
        for node in tree.walk() if tree is not None else ():
            digest.update(node.path.encode())
            for each in node.properties:
                digest.update(each.name.encode() + b"\0" + each.value)
    return digest.hexdigest()
