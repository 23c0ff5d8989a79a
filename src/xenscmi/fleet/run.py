"""One command on many hosts: what is in the cache is taken from there, and workers do the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import time_ns

from xenscmi.fleet.cache import Cache
from xenscmi.fleet.identity import digest_of, tool_digest
from xenscmi.fleet.outcome import HostOutcome, decode, encode, to_json
from xenscmi.fleet.states import ABSENT, LEADS, States, is_before, link_state, signature
from xenscmi.fleet.task import Done, Task, do, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.fleet.shared_files import SharedFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one host, and the state of every path that it depends on.

    `reason` says why it was done anew; it is empty for an answer from the cache, and where there is no cache.
    """

    host: Sequence[str]
    outcome: HostOutcome
    states: Mapping[str, str] = field(default_factory=dict)
    cached: bool = False
    reason: str = ""


def run(
    task: Task, hosts: Sequence[Sequence[str]], *, jobs: int = 1, cache: str = "", told: Callable[[Answer], None]
) -> list[Answer]:
    """Do a task with hosts, each given by its paths, in `jobs` processes; return the answers in the hosts' order.

    `cache` is the folder of the cache; without one, everything is done anew. `told` is called with each answer as soon
    as it is known. Raises XenscmiError if the folder cannot be used.
    """
    answers: dict[int, Answer] = {}
    for number, answer in _Run(task, hosts, cache).answers(jobs):
        answers[number] = answer
        told(answer)
    return [answers[number] for number in range(len(hosts))]


class _Run:
    """The run that began when this was made: no state from after that moment is kept."""

    def __init__(self, task: Task, hosts: Sequence[Sequence[str]], cache: str) -> None:
        self._task = task
        self._hosts = hosts
        self._start = time_ns()
        self._cache = Cache(cache) if cache else None
        self._texts: dict[str, bytes] = {}
        # In a worker:
        self._files: SharedFiles | None = None
        self._sent: set[str] = set()

    def answers(self, jobs: int) -> Iterator[tuple[int, Answer]]:
        """Yield every host's number and answer, those from the cache first."""
        if self._cache is None:
            yield from self._work_through(dict.fromkeys(range(len(self._hosts)), ""), jobs, None, [])
            return
        here = digest_of(str(Path.cwd()), self._hosts)
        states = States(self._cache.known(here), self._start)
        tool = digest_of(tool_digest(states), asdict(self._task))
        keys = [digest_of(tool, host) for host in self._hosts]
        reasons: dict[int, str] = {}
        for number, key in enumerate(keys):
            found = self._cache.find(key, states)
            if isinstance(found, str):
                reasons[number] = found
            else:
                outcome, then = found
                yield number, Answer(host=self._hosts[number], outcome=outcome, states=then, cached=True)
        yield from self._work_through(reasons, jobs, states, keys)
        self._cache.store_known(here, states)
        self._cache.remove_unused()

    def _work_through(
        self, reasons: Mapping[int, str], jobs: int, states: States | None, keys: Sequence[str]
    ) -> Iterator[tuple[int, Answer]]:
        """Do the hosts with these numbers; `states` learns what was seen of paths."""

        def work(number: int) -> bytes:
            return self._done(number, keys[number] if keys else "")

        for number, result in self._each_result(list(reasons), work, jobs):
            if isinstance(result, str):
                outcome, depends = failed(result).outcome, {}
            else:
                message = json.loads(result)
                self._texts |= {name: _bytes(text) for name, text in message["texts"].items()}
                outcome, depends = decode(message["outcome"], self._texts.__getitem__), message["states"]
                if states:
                    for path, signed in message["signatures"].items():
                        states.learn(path, tuple(signed), depends[path])
            yield number, Answer(host=self._hosts[number], outcome=outcome, states=depends, reason=reasons[number])

    def _each_result(
        self, numbers: list[int], work: Callable[[int], bytes], jobs: int
    ) -> Iterator[tuple[int, bytes | str]]:
        """Yield what came of each host, or why nothing did."""
        if len(numbers) <= 1:  # not worth a process
            yield from ((number, work(number)) for number in numbers)
            return
        from xenscmi.devicetree.program import run_one_at_a_time
        from xenscmi.fleet.workers import Died, each_done

        def work_alone(number: int) -> bytes:
            run_one_at_a_time()
            return work(number)

        for number, result in each_done(numbers, work_alone, jobs):
            yield number, str(result) if isinstance(result, Died) else result

    def _done(self, number: int, key: str) -> bytes:
        """Do one host, keep what came of it, and return that as a message to whoever started the run."""
        from xenscmi.fleet.shared_files import SharedFiles

        self._files = self._files or SharedFiles()
        try:
            done = do(self._task, self._hosts[number], self._files)
        except Exception as error:  # a fault of ours on one host costs that host, not the others
            done = failed(f"{type(error).__name__}: {error}")
        signatures = {path: signed for path in done.states if (signed := signature(path))}
        if self._cache and done.is_final and self._is_settled(done, signatures):
            self._cache.store(key, done.states, done.outcome)
        outcome, texts = encode(done.outcome)
        new = {name: text for name, text in texts.items() if name not in self._sent}
        self._sent |= new.keys()
        return to_json(
            {
                "outcome": outcome,
                "texts": {name: text.decode("utf-8", "surrogatepass") for name, text in new.items()},
                "states": dict(done.states),
                "signatures": signatures,
            }
        )

    def _is_settled(self, done: Done, signatures: Mapping[str, tuple[int, int, int, int]]) -> bool:
        """Return whether nothing that the outcome depends on has changed since the run began."""
        for path, state in done.states.items():
            signed = signatures.get(path)
            if signed is not None:
                settled = is_before(signed, self._start)
            else:  # nothing is there; a link that is none may still be one some day
                settled = state == ABSENT or (path.endswith(LEADS) and link_state(path.removesuffix(LEADS)) == state)
            if not settled:
                return False
        return True


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
