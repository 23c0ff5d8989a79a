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
from xenscmi.model.console import CAPACITY
from xenscmi.model.domain import Domain
from xenscmi.model.guest import Offer, offers
from xenscmi.model.machine import boot, partial_trees, platform_of
from xenscmi.model.memory import AddressSpace, FrameRanges
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import XenError
from xenscmi.toolstack.create import CreationError, DomainPlan, create_domain

WAIT = 300.0
"""How long a command waits for others to end, in seconds."""

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE machine (
        host TEXT NOT NULL, location TEXT NOT NULL, last_domid INTEGER NOT NULL, firmware TEXT NOT NULL
    )""",
    """CREATE TABLE domain (
        domid INTEGER PRIMARY KEY, name TEXT UNIQUE, agent_id INTEGER UNIQUE, max_vcpus INTEGER NOT NULL,
        dying INTEGER NOT NULL, iomem TEXT NOT NULL, memory TEXT NOT NULL, devices TEXT NOT NULL, configuration TEXT,
        offer TEXT
    )""",
    "CREATE TABLE console (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL)",
    f"PRAGMA user_version = {_VERSION}",
)


class StateError(XenscmiError):
    """The state file cannot be used."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=message, help=help))


@contextmanager
def _transaction(path: Path, kind: str) -> Iterator[sqlite3.Connection]:
    """Open a state file and begin; whoever does not commit changes nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as connection:
            connection.execute(f"BEGIN {kind}")
            yield connection
    except (sqlite3.Error, json.JSONDecodeError) as error:
        raise StateError(f"cannot use the state file {path}: {error}", "remove it, or name another") from None
    except OSError as error:
        raise StateError(f"cannot use the state file {path}: {error.strerror}") from None


def running_host(path: Path) -> str | None:
    """Return where the files of the host stand that runs in a state file; None where none does."""
    if not path.exists():
        return None
    with _transaction(path, "DEFERRED") as connection:
        row = None if _is_new(connection) else connection.execute("SELECT location FROM machine").fetchone()
        return None if row is None else str(json.loads(row[0]))


def switch_off(path: Path) -> None:
    """Forget the host that runs in a state file, and all its domains: the next command boots one anew."""
    if not path.exists():
        return
    with _transaction(path, "IMMEDIATE") as connection:
        if not _is_new(connection):
            _clear(connection)
        connection.execute("COMMIT")


class Session:
    """A running host: the model, and what the toolstack keeps of its domains.

    `names`: domain id → name; `configurations`: domain id → what the domain was made of, in the toolstack's own words;
    `offers`: domain id → the channel that the device tree of a domain of the toolstack's offers it.
    """

    def __init__(self, xen: Model) -> None:
        self.xen = xen
        self.names: dict[int, str] = {0: "Domain-0"} if 0 in xen.domains else {}
        self.configurations: dict[int, str] = {}
        self.offers: dict[int, Offer] = {}

    def create(self, plan: DomainPlan, configuration: str = "", offer: Offer | None = None) -> int:
        """Make a domain, as `toolstack.create_domain`, and remember what it was made of; return its id."""
        domid = create_domain(self.xen, plan, [name for each, name in self.names.items() if each in self.xen.domains])
        if plan.name:
            self.names[domid] = plan.name
        self.configurations[domid] = configuration
        if offer is not None:
            self.offers[domid] = offer
        return domid

    def offer(self, domid: int) -> Offer | None:
        """Return the channel that a domain's device tree offers it, as far as it is known."""
        return self.offers.get(domid) or next(offers(self.xen.domain(domid).tree), None)

    def domid(self, name: str) -> int | None:
        """Return the id of the domain that a word means, as xl does: digits are an id. None where there is none."""
        if name.isascii() and name.isdecimal():
            return next((domid for domid in self.xen.domains if str(domid) == name.lstrip("0").rjust(1, "0")), None)
        return next((domid for domid, each in self.names.items() if each == name and domid in self.xen.domains), None)


class Store:
    """The state file of a host; the host is booted when the first command needs it.

    `host` is that host; `location`, where its files stand, is kept for commands to come.

    All methods raise StateError where the file cannot be used, and Panic where Xen panics at boot.
    """

    def __init__(self, path: Path, host: Host, location: str = "") -> None:
        self._path = path
        self.host = host
        self._location = location
        self._fingerprint = _fingerprint(host)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Have the host for oneself until the end of the block, and keep what became of it.

        What Xen refuses leaves its traces too (ids go up, lines are logged): a block that ends by XenError or
        CreationError is kept. Any other exception leaves everything as it was.
        """
        with _transaction(self._path, "IMMEDIATE") as connection:
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
        with _transaction(self._path, "DEFERRED") as connection:
            if not _is_new(connection) and _host_of(connection) == self._fingerprint:
                return self._load(connection)
        with self.session() as session:
            return session

    def log(self) -> list[str]:
        """Return Xen's log since boot, as far as it is kept."""
        self.look()
        with _transaction(self._path, "DEFERRED") as connection:
            return [line for (line,) in connection.execute("SELECT line FROM console ORDER BY number")]

    def _load(self, connection: sqlite3.Connection) -> Session:
        if _is_new(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
        row = connection.execute("SELECT host, last_domid, firmware, location FROM machine").fetchone()
        session = Session(boot(self.host))
        if row is None:
            session.names |= _names_at_boot(self.host, session.xen)
        elif row[0] == self._fingerprint:
            try:
                _restore(connection, session, row[1], row[2])
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, XenError) as error:
                raise StateError(f"the state file {self._path} is damaged: {error!r}", "remove it") from None
        elif _runs_only(connection, session.xen.domains):
            _clear(connection)
            session.names |= _names_at_boot(self.host, session.xen)
        else:
            location = json.loads(row[3])
            what = "the host's files have changed since it was booted, and"
            if location != self._location:
                what = f"another host is running, {location}, and"
            raise StateError(
                f"{what} domains run on it (state in {self._path})",
                "end it with `xenscmi destroy --all`, or name another state file with --state",
            )
        return session

    def _save(self, connection: sqlite3.Connection, session: Session) -> None:
        xen = session.xen
        connection.execute("DELETE FROM machine")
        row = (self._fingerprint, _kept(self._location), xen.last_domid, json.dumps(xen.firmware.state()))
        connection.execute("INSERT INTO machine VALUES (?, ?, ?, ?)", row)
        connection.execute("DELETE FROM domain")
        rows = [_row(session, domain) for domain in xen.domains.values()]
        connection.executemany("INSERT INTO domain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
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


def _kept(text: str | None) -> str | None:
    """Return a text as it is kept: SQLite takes no bytes that are not UTF-8, which names and paths may have."""
    return None if text is None else json.dumps(text)


def _row(session: Session, domain: Domain) -> tuple[object, ...]:
    offer = session.offers.get(domain.domid)
    return (
        domain.domid,
        _kept(session.names.get(domain.domid)),
        domain.channel.agent_id if domain.channel else None,
        domain.max_vcpus,
        domain.dying,
        json.dumps(domain.iomem.ranges),
        json.dumps(domain.memory.mappings),
        json.dumps(domain.devices),
        _kept(session.configurations.get(domain.domid)),
        json.dumps([offer.node, offer.func_id, offer.shmem]) if offer else None,
    )


def _restore(connection: sqlite3.Connection, session: Session, last_domid: int, firmware: str) -> None:
    """Put a freshly booted host into the state that was kept."""
    xen, booted = session.xen, session.xen.domains
    xen.domains = {}
    xen.last_domid = last_domid
    xen.mediator.release_all()
    rows = connection.execute("SELECT * FROM domain ORDER BY domid")
    for domid, name, agent_id, max_vcpus, dying, iomem, memory, devices, configuration, offer in rows:
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
            session.names[domid] = json.loads(name)
        if configuration is not None:
            session.configurations[domid] = json.loads(configuration)
        if offer is not None:
            node, func_id, shmem = json.loads(offer)
            session.offers[domid] = Offer(node=node, func_id=func_id, shmem=shmem)
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
