"""The model's state between commands, in SQLite: one file for one running host.

A command opens a session: it then has the host for itself, works on the model in memory, and at its end everything is
written in one transaction. So two commands never see each other's half-done work, and a command that is killed has
never happened. Not kept: what stands in the shared pages; every command finds the channels free.

The file is input like any other: `StateError` says what is wrong with it, and nothing of it is run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from stat import S_ISREG, S_IWGRP, S_IWOTH

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.host.platform import platform_of
from xenscmi.host.types import Host
from xenscmi.model.console import CAPACITY
from xenscmi.model.machine import boot, partial_trees
from xenscmi.model.snapshot import (
    SCHEMA,
    VERSION,
    Snapshot,
    check_schema,
    domain_row,
    machine_row,
    read_machine,
    read_snapshot,
    restore,
)
from xenscmi.model.xen import Model
from xenscmi.toolstack.backend import Inventory, XenError
from xenscmi.toolstack.create import CreationError

WAIT = 300.0
"""How long a command waits for others to end, in seconds."""

PATIENCE = 1.0
"""After how many seconds of waiting the user hears of it."""

_LONGEST_COMMAND = 100
_ANOTHER = "remove it, or name another with --state FILE"


class StateError(XenscmiError):
    """The state file cannot be used."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(Diagnostic(message=message, help=help))


def _quiet(who: str) -> None:
    pass


class StateFile:
    """A state file, and how it is locked.

    `waiting` is called once where a command waits for another one to end, with who that is, as far as it is known.
    """

    def __init__(self, path: Path, waiting: Callable[[str], None] = _quiet) -> None:
        self.path = path
        self._waiting = waiting

    def location(self) -> str | None:
        """Return where the files of the host stand that runs here; None where none does."""
        if not self._exists():
            return None
        with self.transaction("DEFERRED") as connection, self.guarded():
            machine = None if self._is_new(connection) else read_machine(connection)
            return None if machine is None else machine.location

    def names(self) -> Mapping[int, str]:
        """Return the names of the domains that run here, as the last command left them; nothing is booted."""
        if not self._exists():
            return {}
        with self.transaction("DEFERRED") as connection, self.guarded():
            machine = None if self._is_new(connection) else read_machine(connection)
            return {} if machine is None else read_snapshot(connection, machine).names()

    def switch_off(self) -> None:
        """Forget the host that runs here, and all its domains: the next command boots one anew."""
        if not self._exists():
            return
        with self.transaction("IMMEDIATE") as connection, self.guarded():
            if not self._is_new(connection):
                clear(connection)
            connection.execute("COMMIT")

    def open_new(self, connection: sqlite3.Connection) -> None:
        """Make the tables where there are none."""
        if self._is_new(connection):
            for statement in SCHEMA:
                connection.execute(statement)

    @contextmanager
    def transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Open the file and begin; whoever does not commit changes nothing. Raises StateError."""
        with self.guarded():
            self._exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=0.1, isolation_level=None)
        with closing(connection):
            with self.guarded():
                connection.execute("PRAGMA trusted_schema = OFF")
                self._begin(connection, kind)
            yield connection

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what a file that cannot be used, or that holds what no state is, does to this block into StateError."""
        try:
            yield
        except StateError:
            raise
        except OSError as error:
            message = f"cannot use the state file {self.path}: {error.strerror}"
            raise StateError(message, "name another with --state FILE") from None
        except sqlite3.Error as error:
            message = f"cannot use the state file {self.path}: {error}"
            raise StateError(message, _ANOTHER) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, XenError) as error:
            message = f"the state file {self.path} is damaged: {str(error) or type(error).__name__}"
            raise StateError(message, _ANOTHER) from None
        except RecursionError:
            raise StateError(f"the state file {self.path} is damaged: values nest too deep", _ANOTHER) from None

    def _exists(self) -> bool:
        """Whether there is a file. Raises StateError for one, or a journal of one, that this user did not make."""
        with self.guarded():
            for path in (self.path.with_name(f"{self.path.name}{end}") for end in ("-journal", "-wal", "")):
                try:
                    status = path.lstat()
                except (FileNotFoundError, NotADirectoryError):
                    continue
                message = f"cannot use the state file {path}: "
                if not S_ISREG(status.st_mode):
                    raise StateError(f"{message}it is not a regular file", "name another with --state FILE")
                if status.st_uid != os.geteuid():
                    raise StateError(f"{message}it belongs to another user", "name another with --state FILE")
                if status.st_mode & (S_IWGRP | S_IWOTH):
                    help_text = "chmod go-w it, if none has; or name another with --state FILE"
                    raise StateError(f"{message}other users may write it", help_text)
            return self.path.exists()

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether the file has no state yet. Raises StateError where it has another program's."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            message = f"the state file {self.path} was written by another version ({version})"
            raise StateError(message, _ANOTHER)
        check_schema(connection, new=version == 0)
        return bool(version == 0)

    def _begin(self, connection: sqlite3.Connection, kind: str) -> None:
        """Begin once no other command has the file; Ctrl-C is heard meanwhile."""
        started, told = time.monotonic(), False
        while True:
            try:
                connection.execute(f"BEGIN {kind}")
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                return
            except sqlite3.OperationalError as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                waited = time.monotonic() - started
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            if waited > WAIT:
                message = f"the state file {self.path} has been in use for {WAIT:g} s by {holder(self.path)}"
                raise StateError(message, "wait for it to end, or name another state file with --state FILE")
            if waited > PATIENCE and not told:
                told = True
                self._waiting(holder(self.path))


_LOCK = struct.Struct("@hhqqi4x")
_PENDING_BYTE, _LOCK_BYTES = 0x4000_0000, 512  # the bytes that SQLite locks


def holder(path: Path) -> str:
    """Return who has a state file locked, as far as the kernel tells.

    Only for a process that has no lock on it: closing any descriptor of a file gives up all locks of the process.
    """
    unknown = "another xenscmi command"
    try:
        with path.open("rb") as file:
            asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _PENDING_BYTE, _LOCK_BYTES, 0)
            kind, _, _, _, pid = _LOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
        if kind == fcntl.F_UNLCK or pid <= 0:
            return unknown
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
    except (OSError, ValueError, struct.error):
        return unknown
    command = " ".join(words)
    return f"process {pid} ({command[:_LONGEST_COMMAND]}{'…' * (len(command) > _LONGEST_COMMAND)})"


class Store:
    """The state file of a host; the host is booted when the first command needs it.

    `load` reads the host, once, and only if it is needed; `location`, where its files stand, is kept for commands to
    come. All methods raise StateError where the file cannot be used, Panic where Xen panics at boot, and what `load`
    raises.
    """

    def __init__(self, file: StateFile, load: Callable[[], Host], location: str = "") -> None:
        self._file = file
        self._load = load
        self._location = location
        self._host: Host | None = None

    @property
    def host(self) -> Host:
        if self._host is None:
            self._host = self._load()
        return self._host

    @contextmanager
    def session(self) -> Iterator[Model]:
        """Have the host for oneself until the end of the block, and keep what became of it.

        What Xen refuses leaves its traces too (ids go up, lines are logged): a block that ends by XenError or
        CreationError is kept. Any other exception leaves everything as it was.
        """
        with self._file.transaction("IMMEDIATE") as connection:
            xen = self._wake(connection)
            try:
                yield xen
            except (XenError, CreationError):
                self._save(connection, xen)
                raise
            self._save(connection, xen)

    def look(self) -> Inventory:
        """Return what there is on the host. As long as its files are as they were, nothing is read or booted anew."""
        return self._snapshot() or self.model()

    def model(self) -> Model:
        """Return the host as it is; what is done to it then is not kept."""
        with self.session() as xen:
            return xen

    def log(self) -> list[str]:
        """Return Xen's log since boot, as far as it is kept."""
        if self._snapshot() is None:
            self.model()
        with self._file.transaction("DEFERRED") as connection, self._file.guarded():
            return [str(line) for (line,) in connection.execute("SELECT line FROM console ORDER BY number")]

    def _snapshot(self) -> Snapshot | None:
        """Return what was kept of the host; None where it does not run, or where its files may have changed."""
        with self._file.transaction("DEFERRED") as connection, self._file.guarded():
            self._file.open_new(connection)
            machine = read_machine(connection)
            if machine is None or machine.location != self._location or machine.files != signature(machine.files):
                return None
            return read_snapshot(connection, machine)

    def _wake(self, connection: sqlite3.Connection) -> Model:
        """Return the host in the state that was kept, or booted."""
        with self._file.guarded():
            self._file.open_new(connection)
            machine = read_machine(connection)
        xen = boot(self.host)
        if machine is None:
            return xen
        with self._file.guarded():
            if machine.host == fingerprint(self.host):
                restore(connection, machine, xen)
                return xen
            kept = {domid for (domid,) in connection.execute("SELECT domid FROM domain")}
            if kept <= xen.domains.keys():
                clear(connection)
                return xen
        what = "the host's files have changed since it was booted, and"
        if machine.location != self._location:
            what = f"another host is running, {machine.location}, and"
        raise StateError(
            f"{what} domains run on it (state in {self._file.path})",
            f"end it with `xenscmi destroy --all --state {self._file.path}`, or name another with --state FILE",
        )

    def _save(self, connection: sqlite3.Connection, xen: Model) -> None:
        files = signature([self._location, *(source.name for source in self.host.sources)])
        row = machine_row(fingerprint(self.host), self._location, files, xen)
        rows = [domain_row(domain) for domain in xen.domains.values()]
        lines = [(line,) for line in xen.console.lines]
        with self._file.guarded():
            connection.execute("DELETE FROM machine")
            connection.execute("INSERT INTO machine VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("DELETE FROM domain")
            connection.executemany("INSERT INTO domain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT INTO console (line) VALUES (?)", lines)
            connection.execute("DELETE FROM console WHERE number <= (SELECT MAX(number) FROM console) - ?", (CAPACITY,))
            connection.execute("COMMIT")


def clear(connection: sqlite3.Connection) -> None:
    """Forget everything."""
    for statement in ("DELETE FROM machine", "DELETE FROM domain", "DELETE FROM console"):
        connection.execute(statement)


def signature(paths: Iterable[str]) -> Mapping[str, tuple[int, int] | None]:
    """Return time of change (ns) and size of files by their full paths; None for what is not there."""
    found: dict[str, tuple[int, int] | None] = {}
    for path in paths:
        full = Path(path).absolute()
        try:
            status = full.stat()
            found[str(full)] = (status.st_mtime_ns, status.st_size)
        except (OSError, ValueError):
            found[str(full)] = None
    return found


def fingerprint(host: Host) -> str:
    """Return what tells this host from others: its trees, its firmware and its Xen."""
    digest = hashlib.sha256(
        repr(
            (
                host.firmware.profile,
                host.firmware.profile_source and host.firmware.profile_source.text,
                sorted(host.firmware.unsupported),
                host.xen.name,
                host.driver.text,
                platform_of(host),
            )
        ).encode()
    )
    trees = [host.tree, *(tree for _, tree in sorted(partial_trees(host).items()))]
    for tree in trees:
        for node in tree.walk() if tree is not None else ():
            digest.update(node.path.encode())
            for each in node.properties:
                digest.update(each.name.encode() + b"\0" + each.value)
    return digest.hexdigest()
