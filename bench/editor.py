"""The language server over standard input and output: from a keystroke to the findings of the whole host.

The client types a digit into a file of a host of 254 agents, again and again, so that a finding of the whole host comes
and goes, and waits each time until the server says so: for what shows it, or the last of what takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from tests.editor.client import Client

from bench.host import write_host
from bench.measure import Figure

AGENTS = 254
GUESTS = AGENTS - 2
PAUSE = 0.05
TIMES = 60
LIMIT = 100.0


def run() -> Iterator[Figure]:
    """Measure, and yield the figures."""
    with TemporaryDirectory() as folder:
        host = Path(folder, "host")
        write_host(host, agents=AGENTS)
        client = Client(host)
        yield from _typing(client, "an xl.cfg", "100.cfg", "agent_id=100", "agent_id=101", most=LIMIT)
        yield from _typing(client, "host.toml", "host.toml", "host.dts", "host.dt", most=None)
        yield from _typing(client, "the host tree", "host.dts", "agent-id = <1>", "agent-id = <2>", most=None)
        client.stop()


def _typing(client: Client, what: str, name: str, good: str, bad: str, *, most: float | None) -> Iterator[Figure]:
    """Yield how long it takes from a change of a file to all findings of the host, in milliseconds."""
    client.open(name)
    client.until_findings(lambda found: sum(map(bool, found.values())) >= GUESTS)
    clean, times = codes(client), []
    for number in range(2 * TIMES):
        sleep(PAUSE)
        is_bad = number % 2 == 0
        start = perf_counter()
        client.change(name, *((good, bad) if is_bad else (bad, good)))
        client.until(_differs(client, clean, is_bad))
        times.append(1000 * (perf_counter() - start))
    yield Figure(f"{AGENTS} agents, a keystroke in {what} to the findings: p50", median(times), "ms")
    yield Figure("  p95", quantiles(times, n=20)[-1], "ms", most=most)


def _differs(client: Client, clean: dict[str, list[str]], differs: bool) -> Callable[[], bool]:
    return lambda: (codes(client) != clean) is differs


def codes(client: Client) -> dict[str, list[str]]:
    """Return the codes of what is shown, by file."""
    return {name: [each.get("code", "") for each in found] for name, found in client.findings.items() if found}
