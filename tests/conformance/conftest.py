"""A platform in this process for the conformance suite, whole or broken on purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from xenscmi.board.showcase import showcase
from xenscmi.conformance.suite import Result, all_cases, run_suite
from xenscmi.conformance.tester import AgentChannel
from xenscmi.firmware import PROFILES, Firmware, FirmwareProfile
from xenscmi.scmi.shmem import Posted

AGENTS = (1, 2, 3)
"""The agent under test, another one, and the trusted one."""

Serve = Callable[[int, Posted], Posted]
Break = Callable[[Serve], Serve]
Hear = Callable[[Posted | None], Posted | None]


def serving(firmware: Firmware) -> Serve:
    return lambda agent, posted: Posted(posted.header, firmware.answer(agent, posted.header, posted.payload))


def channels(firmware: Firmware, serve: Serve, hear: Hear) -> list[AgentChannel]:
    def channel(agent: int) -> AgentChannel:
        return AgentChannel(
            f"agent {agent}", lambda posted: serve(agent, posted), lambda: hear(firmware.outbox.next(agent))
        )

    return [channel(agent) for agent in AGENTS]


Suite = Callable[..., list[Result]]


@pytest.fixture
def suite() -> Suite:
    """A function that runs the suite on the showcase platform, broken if so wished."""

    def run(
        broken: Break = lambda serve: serve,
        *,
        hear: Hear = lambda posted: posted,
        profile: FirmwareProfile = PROFILES["generic"],
        names: Sequence[str] = (),
        changes: bool = True,
    ) -> list[Result]:
        firmware = Firmware(showcase(), profile)
        first, *others = channels(firmware, broken(serving(firmware)), hear)
        cases = [case for case in all_cases() if not names or case.name in names]
        return list(run_suite(cases, first, others, changes=changes))

    return run
