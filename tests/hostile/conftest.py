"""Whole commands on hostile files: each in a process of its own, with limits, in a folder where it may change nothing.

The processes are forked from this one, which has imported everything already: a command takes milliseconds, so that
there can be many.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from xenscmi.cli import COMMANDS, load, main

SECONDS = 5
MEMORY = 512 << 20
BROKE = 70  # what no command ends with

SECRET = "kept-from-others-7f3a"

DOCUMENTED = {0, 1, 2, 3, 4, 5, 6}
"""What commands end with; a signal's number is negative."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@dataclass(frozen=True)
class Place:
    """A folder for the files of the test, and beside it a secret and a FIFO, which no command may open."""

    folder: Path
    secret: Path
    fifo: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        return path


@pytest.fixture(scope="session", autouse=True)
def commands() -> None:
    """Import all commands once."""
    for command in COMMANDS:
        load(command)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "board"
    folder.mkdir()
    found = Place(folder=folder, secret=tmp_path / "secret", fifo=tmp_path / "fifo")
    found.secret.write_text(f"{SECRET}\n" * 3)
    os.mkfifo(found.fifo)
    return found


@pytest.fixture
def run(place: Place) -> Iterator[Run]:
    """Run a command in the folder of the test; what it did to files shows at the end."""

    def run_(*arguments: str, stdin: bytes = b"", state_home: str | None = None) -> Done:
        done = forked(arguments, place.folder, stdin, state_home)
        assert "Traceback" not in done.err
        assert done.code in DOCUMENTED, done
        assert SECRET not in done.out + done.err
        return done

    root = place.folder.parent
    yield run_
    assert {each.name for each in root.iterdir()} <= {"board", "secret", "fifo", "state"}
    assert place.secret.read_text() == f"{SECRET}\n" * 3
    assert not list(place.folder.rglob(".*")), "temporary files"


def forked(arguments: tuple[str, ...], folder: Path, stdin: bytes = b"", state_home: str | None = None) -> Done:
    """Run a command in a fork of this process with limits of time and memory."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        home = str(folder.parent / "state") if state_home is None else state_home
        pid = os.fork()
        if not pid:
            _child(arguments, folder, home, given.fileno(), out.fileno(), err.fileno())
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        return Done(
            os.waitstatus_to_exitcode(status),
            out.read().decode("utf-8", "replace"),
            err.read().decode("utf-8", "replace"),
        )


def _child(arguments: tuple[str, ...], folder: Path, home: str, *streams: int) -> None:
    code = BROKE
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (open(n, mode) for n, mode in enumerate("rww"))  # noqa: PTH123, SIM115
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = home
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        signal.alarm(6 * SECONDS)  # a command that waits for ever uses no processor
        code = main(arguments)
        sys.stdout.flush()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else BROKE
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
