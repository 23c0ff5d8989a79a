"""The suite: all its tests in order, and a run of them on a platform."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xenscmi.conformance import (
    base,
    clock,
    common,
    events,
    isolation,
    performance,
    pin_control,
    power_capping,
    power_domain,
    reset,
    sensor,
    system_power,
    voltage,
)
from xenscmi.conformance.case import Case
from xenscmi.conformance.tester import AgentChannel, Tester
from xenscmi.conformance.verdict import ConformanceFailure, PlatformGone, Unsupported, Verdict
from xenscmi.diagnostics import XenscmiError

_MODULES = (
    base,
    power_domain,
    system_power,
    performance,
    clock,
    sensor,
    reset,
    voltage,
    power_capping,
    pin_control,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a test ended: the words say what was wrong, or what is missing. `seconds` is how long it took."""

    case: Case
    verdict: Verdict
    words: str = ""
    seconds: float = 0.0


def all_cases() -> tuple[Case, ...]:
    """Return every test of the suite, protocol by protocol: what all have in common first; then what platforms send
    unasked, and isolation."""
    found = [
        case
        for module in _MODULES
        for cases in (common.cases_of(module.CASES.protocol), module.CASES)
        for case in cases.all
    ]
    return (*found, *events.all_cases(), *isolation.CASES.all)


def select(cases: Sequence[Case], patterns: Sequence[str]) -> tuple[Case, ...]:
    """Return the tests whose name matches one of the patterns (`clock.*`, `*.version`); all where there is none."""
    if not patterns:
        return tuple(cases)
    return tuple(case for case in cases if any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns))


def run_suite(
    cases: Sequence[Case],
    channel: AgentChannel,
    others: Sequence[AgentChannel] = (),
    *,
    changes: bool = True,
    started: Callable[[Case], None] = lambda case: None,
) -> Iterator[Result]:
    """Run tests on a platform, and yield how each ended.

    `channel` is the agent under test's, `others` are further agents'. Without `changes`, tests that change a resource's
    state are left out as not supported. Raises PlatformGone if the platform cannot be reached any more.
    """
    for case in cases:
        started(case)
        begin = time.monotonic()
        if case.changes and not changes:
            verdict, words = Verdict.NOT_SUPPORTED, "it changes the platform's state, which was not allowed"
        else:
            verdict, words = _run(case, channel, others)
        yield Result(case=case, verdict=verdict, words=words, seconds=time.monotonic() - begin)


def _run(case: Case, channel: AgentChannel, others: Sequence[AgentChannel]) -> tuple[Verdict, str]:
    tester = Tester(case.protocol, channel, others)
    try:
        try:
            tester.need(case.protocol.id in channel.protocols(), "the platform does not list the protocol")
            tester.learn_version()
            tester.need(tester.version >= case.since, f"the platform speaks version {tester.version:#x}")
            case.test(tester)
        finally:
            tester.put_back()
    except Unsupported as missing:
        return Verdict.NOT_SUPPORTED, str(missing)
    except ConformanceFailure as failure:
        return Verdict.FAIL, str(failure)
    except PlatformGone:
        raise
    except XenscmiError as error:  # bytes that are not an answer
        return Verdict.FAIL, str(error)
    return Verdict.PASS, ""
