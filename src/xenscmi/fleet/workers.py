"""Processes that each do one piece of work at a time; one that dies costs its piece, and nothing else.

A worker ends when the other end of its pipe is closed, also by the death of the process that started it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

_PATIENCE = 2.0
"""Seconds that a worker has to end by itself."""

Work = Callable[[int], bytes]
"""Does the piece of work of a number, in a worker, and returns what came of it."""


@dataclass(frozen=True, slots=True)
class Died:
    """A worker ended amid its work: its exit status, or the number of a signal, negative."""

    status: int

    def __str__(self) -> str:
        if self.status >= 0:
            return f"its process ended with status {self.status}"
        with suppress(ValueError):
            return f"its process was killed by {signal.Signals(-self.status).name}"
        return f"its process was killed by signal {-self.status}"


def each_done(pieces: Sequence[int], work: Work, workers: int) -> Generator[tuple[int, bytes | Died], None, None]:
    """Do all pieces of work in so many processes, and yield each with what came of it as soon as it is done."""
    waiting = iter(pieces)
    team: dict[Connection, _Worker] = {}

    def start(piece: int) -> None:
        worker = _Worker(work, team)
        team[worker.connection] = worker
        worker.give(piece)

    try:
        for piece in islice(waiting, workers):
            start(piece)
        while team:
            for connection in wait(list(team)):
                assert isinstance(connection, Connection)
                worker = team[connection]
                result = worker.take()
                yield worker.piece, result
                following = next(waiting, None)
                if following is not None and not isinstance(result, Died):
                    worker.give(following)
                    continue
                team.pop(connection).end()
                if following is not None:
                    start(following)
    finally:
        for worker in team.values():
            worker.process.kill()
            worker.end()


class _Worker:
    """A process and the pipe to it. `others` are the pipes to its siblings, which it must not hold open."""

    def __init__(self, work: Work, others: Iterable[Connection]) -> None:
        context = get_context("fork")  # it has all that is imported already
        self.piece = -1
        self.connection, theirs = context.Pipe()
        inherited = [self.connection, *others]
        self.process = context.Process(target=_serve, args=(theirs, inherited, work), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, piece: int) -> None:
        """Send a piece of work; if the worker is dead, `take` will say so."""
        self.piece = piece
        with suppress(OSError):
            self.connection.send_bytes(str(piece).encode())

    def take(self) -> bytes | Died:
        """Return what came of the piece."""
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            self.process.join(_PATIENCE)
            return Died(self.process.exitcode or 0)

    def end(self) -> None:
        """Let the worker end, and wait until it has."""
        self.connection.close()
        self.process.join(_PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()


def _serve(connection: Connection, inherited: Iterable[Connection], work: Work) -> None:
    """Do pieces of work until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; whoever started this ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in inherited:
        each.close()
    with suppress(EOFError, OSError):  # nobody is there any more
        while True:
            connection.send_bytes(work(int(connection.recv_bytes())))
