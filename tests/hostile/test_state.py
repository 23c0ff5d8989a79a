"""The state file as input: whatever is in it, or instead of it, every command says so, and changes nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.conftest import Place, Run

XL_CREATE = Path(__file__).parents[1] / "vectors" / "xl-create"
GUEST = 'name = "g"\nkernel = "/k"\nmemory = 64\narm_sci = "type=scmi_smc_multiagent,agent_id=2"\n'
COMMANDS = (
    ("list",),
    ("agents",),
    ("dmesg",),
    ("create", "-q", "g.cfg"),
    ("scmi", "0", "base", "protocol_version"),
    ("destroy", "1"),
)
DEEP = "[" * 100_000


@pytest.fixture
def state(place: Place, run: Run) -> Path:
    """The state of a host on which a domain runs."""
    place.write("g.cfg", GUEST)
    assert run("create", "-q", "--host", str(XL_CREATE), "g.cfg").code == 0
    return place.folder.parent / "state" / "xenscmi" / "host.db"


def _rewrite(state: Path, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for each in statements:
            connection.execute(*((each,) if isinstance(each, str) else each))
        connection.commit()


def _refused(run: Run, state: Path, *, code: int = 2) -> None:
    before = state.read_bytes() if state.is_file() else b""
    for command in COMMANDS[:5]:
        done = run(*command)
        assert done.code == code, (command, done)
        assert str(state) in done.err
        assert "help:" in done.err
    assert not state.is_file() or state.read_bytes() == before


MACHINE = ("host", "location", "files", "last_domid", "firmware", "agents", "scmi_works")
DOMAIN = ("domid", "name", "agent_id", "max_vcpus", "memory_kb", "states", "iomem", "memory", "irqs", "nr_spis")
COLUMNS = {"machine": MACHINE, "domain": (*DOMAIN, "devices", "configuration", "offer")}
TEXTS = (DEEP, "{", "\x00", '"\\ud800"', "1e999", "NaN", "[[-1, 1]]", "9" * 5000, "-1", "{}", '{"a": 1}', "null", "")
NUMBERS = (-1, -(2**63), 2**63 - 1, 2**32)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), [(table, each) for table in COLUMNS for each in COLUMNS[table]])
def test_any_value_in_any_column_ends_in_words(run: Run, state: Path, table: str, column: str) -> None:
    good = state.read_bytes()
    for value in (*TEXTS, *NUMBERS):
        state.write_bytes(good)
        try:
            _rewrite(state, (f"UPDATE {table} SET {column} = ?", (value,)))
        except sqlite3.Error:
            continue  # STRICT tables do not take it
        for command in COMMANDS:
            done = run(*command)
            assert done.code != 2 or str(state) in done.err or "no modelled host" in done.err, (value, command, done)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE domain SET iomem = '{DEEP}'",
        "UPDATE domain SET domid = -5 WHERE domid = 1",
        "UPDATE domain SET name = '\"\\ud800\"'",
        "UPDATE machine SET agents = CAST(x'5b00' AS TEXT)",
        "UPDATE machine SET last_domid = -1",
        "UPDATE machine SET files = '7'",
        "DELETE FROM sqlite_master WHERE name = 'console'",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER DELETE ON domain BEGIN DELETE FROM machine; END",
        "CREATE TABLE more (a)",
        "CREATE INDEX more ON domain (name)",
    ],
)
def test_a_damaged_state_is_refused_by_every_command(run: Run, state: Path, statement: str) -> None:
    _rewrite(state, statement)
    _refused(run, state)


def test_views_for_tables_are_not_asked(run: Run, state: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS domid FROM n"
    _rewrite(state, "DROP TABLE domain", f"CREATE VIEW domain AS {endless}")
    _refused(run, state)


def test_another_programs_database(run: Run, state: Path) -> None:
    state.unlink()
    _rewrite(state, "CREATE TABLE bookmarks (url TEXT)")
    _refused(run, state)
    _rewrite(state, "PRAGMA user_version = 2")
    _refused(run, state)


@pytest.mark.parametrize("content", [b"", b"x" * 10_000, b"SQLite format 3\0" + b"\xff" * 10_000])
def test_no_database(run: Run, state: Path, content: bytes) -> None:
    state.write_bytes(content)
    if content:
        _refused(run, state)
    else:
        assert run("create", "-q", "--host", str(XL_CREATE), "g.cfg").code == 0


def test_what_is_no_regular_file(place: Place, run: Run, state: Path) -> None:
    makers: tuple[Callable[[], None], ...] = (
        lambda: os.mkfifo(state),
        lambda: state.mkdir(),
        lambda: state.symlink_to(place.secret),
        lambda: state.symlink_to("/dev/zero"),
        lambda: state.symlink_to(state.name),
    )
    for make in makers:
        state.rmdir() if state.is_dir() and not state.is_symlink() else state.unlink()
        make()
        _refused(run, state)


def test_somebody_elses_file(run: Run, state: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    os.chown(state, 12345, 12345)
    _refused(run, state)
    os.chown(state, 0, 0)
    state.chmod(0o666)
    _refused(run, state)


def test_a_user_without_a_home(run: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def missing(uid: int) -> object:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", missing)
    monkeypatch.delenv("HOME", raising=False)
    done = run("list", state_home="")
    assert done.code == 2
    assert "there is no home directory for the state of the modelled host" in done.err
    assert "--state" in done.err


@pytest.mark.slow
def test_a_command_that_waits_says_for_whom_and_ends_at_once(place: Place, state: Path) -> None:
    with closing(sqlite3.connect(state, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)):
            command = [sys.executable, "-m", "xenscmi", "list", "--state", str(state)]
            with subprocess.Popen(command, cwd=place.folder, stderr=subprocess.PIPE, text=True) as process:
                assert process.stderr
                assert f"waiting for process {os.getpid()} (" in process.stderr.readline()
                process.send_signal(number)
                assert process.wait(5) == code
                assert process.stderr.read() == ""
