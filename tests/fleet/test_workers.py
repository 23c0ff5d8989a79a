"""Workers that die, and runs that are stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.fleet.conftest import Fleet
from tests.terminals import open_terminal

from xenscmi.fleet.workers import Died, each_done
from xenscmi.host.load import LoadedHost


def _square(number: int) -> bytes:
    return str(number * number).encode()


@pytest.mark.parametrize("workers", [1, 2, 7, 40])
def test_every_piece_is_done_once(workers: int) -> None:
    assert sorted(each_done(list(range(20)), _square, workers)) == [(n, _square(n)) for n in range(20)]


def test_large_results() -> None:
    (done,) = each_done([3], lambda number: bytes(10_000_000) + _square(number), 2)
    assert done == (3, bytes(10_000_000) + b"9")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_death_costs_one_piece(workers: int) -> None:
    def work(number: int) -> bytes:
        if number % 5 == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if number % 5 == 2:
            os._exit(3)
        return _square(number)

    done = dict(each_done(list(range(20)), work, workers))
    assert len(done) == 20
    for number, result in done.items():
        expected = {1: Died(-signal.SIGKILL), 2: Died(3)}.get(number % 5, _square(number))
        assert result == expected
    assert str(Died(-signal.SIGKILL)) == "its process was killed by SIGKILL"
    assert str(Died(3)) == "its process ended with status 3"


def test_whoever_stops_listening_ends_the_workers() -> None:
    running = each_done(list(range(100)), lambda number: str(os.getpid()).encode() if not number else _wait(), 3)
    _, first = next(running)
    running.close()
    assert isinstance(first, bytes)
    assert not _lives(int(first))


def _wait() -> bytes:
    time.sleep(30)
    return b""


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_fault_of_ours_is_that_hosts_error(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    import xenscmi.api as api

    def crash(loaded: LoadedHost, **_: object) -> tuple[()]:
        names = {source.name for source in loaded.host.sources}
        if "b.toml" in names:
            raise ZeroDivisionError("oops")
        if "d.toml" in names:
            os.kill(os.getpid(), signal.SIGKILL)
        return ()

    monkeypatch.setattr(api, "check", crash)
    for jobs in ("1", "3"):
        code, _, err = fleet.run("check", "--hosts", "*.toml", "-j", jobs, "--cache", "../cache")
        assert code == 2
        assert "b.toml: cannot be used: 1 error" in err
        assert "xenscmi failed on this host: ZeroDivisionError: oops" in err
        assert "xenscmi failed on this host: its process was killed by SIGKILL" in err
        assert err.endswith("5 hosts: 2 that cannot be used\n")
    monkeypatch.undo()
    monkeypatch.chdir(fleet.folder)
    assert fleet.checked() == ["b.toml", "d.toml"]  # a failure is not kept


SLOW = """\
import sys, time, xenscmi.api, xenscmi.cli
def check(loaded, **_):
    time.sleep({seconds})
    return ()
xenscmi.api.check = check
sys.exit(xenscmi.cli.main(["check", "--hosts", "*.toml", "-j", "2"]))
"""


def _start(seconds: float) -> subprocess.Popen[bytes]:
    """Start a check in a group of its own, as a shell does, and return it once its workers are there."""
    command = [sys.executable, "-c", SLOW.format(seconds=seconds)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
    for _ in range(200):
        if len(_children(running.pid)) == 2:
            return running
        time.sleep(0.05)
    running.kill()
    raise AssertionError("no workers")


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(map(_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(_lives, pids))


def test_ctrl_c_ends_all_without_a_traceback(fleet: Fleet) -> None:
    running = _start(20)
    workers = _children(running.pid)
    time.sleep(0.3)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=15)
    assert (running.returncode, out, err) == (130, b"", b"")
    assert _gone(workers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_worker_behind(fleet: Fleet, number: signal.Signals) -> None:
    running = _start(1)
    workers = _children(running.pid)
    os.kill(running.pid, number)
    running.communicate(timeout=15)
    assert running.returncode == -number
    assert _gone(workers)


def test_the_bar_is_for_a_terminal(fleet: Fleet) -> None:
    """And only for what takes more than a second."""
    code = SLOW.format(seconds=0.7)
    for seconds, terminal in ((0.7, True), (0.7, False), (0, True)):
        ours, theirs = open_terminal()
        code = SLOW.format(seconds=seconds)
        with subprocess.Popen(
            [sys.executable, "-c", code], stderr=theirs if terminal else subprocess.PIPE, stdout=subprocess.PIPE
        ) as running:
            os.close(theirs)
            text = _drain(ours) if terminal else (running.stderr.read() if running.stderr else b"")
        os.close(ours)
        assert bool(re.search(rb"\[#+-*\] \d of 5 hosts, \d+ s left", text)) is (terminal and seconds > 0)
        assert text.endswith((b"5 hosts: nothing found\r\n", b"5 hosts: nothing found\n"))


def _drain(terminal: int) -> bytes:
    data = b""
    while True:
        try:
            data += os.read(terminal, 4096)
        except OSError:  # the other end is closed
            return data
