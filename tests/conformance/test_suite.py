"""The conformance suite on our own firmware, and its own promises."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from tests.conformance.conftest import Suite

from xenscmi.board.showcase import showcase
from xenscmi.conformance.suite import all_cases, run_suite, select
from xenscmi.conformance.tester import AgentChannel
from xenscmi.conformance.verdict import PlatformGone, Verdict
from xenscmi.firmware import PROFILES, Firmware
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.shmem import Posted


def test_our_firmware_passes(suite: Suite) -> None:
    failed = {result.case.name: result.words for result in suite() if result.verdict is Verdict.FAIL}

    assert failed == {}


def test_most_tests_have_something_to_test(suite: Suite) -> None:
    verdicts = Counter(result.verdict for result in suite())

    assert verdicts[Verdict.PASS] > 350


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_comes_to_an_end(suite: Suite, profile: str) -> None:
    """What other firmware does differently is a verdict, never an exception."""
    results = suite(profile=PROFILES[profile])

    assert len(results) == len(all_cases())
    assert all(result.words for result in results if result.verdict is not Verdict.PASS)


def test_every_test_cites_its_section_and_says_what_must_hold() -> None:
    cases = all_cases()

    assert len(cases) >= 150
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        assert re.fullmatch(r"DEN0056E 4\.\d+\.2, [A-Za-z_ ]+", case.section), case.name
        assert case.title.endswith("."), case.name
        assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", case.name)
    covered = {case.protocol.id for case in cases}
    assert covered == set(ProtocolId) - {each for each in ProtocolId if each > ProtocolId.PIN_CONTROL}


def test_the_platform_is_as_before_when_the_suite_has_ended() -> None:
    firmware = Firmware(showcase(), PROFILES["generic"])
    before = firmware.state()
    first, *others = [
        AgentChannel(
            str(agent),
            lambda posted, agent=agent: Posted(  # type: ignore[misc]
                posted.header, firmware.answer(agent, posted.header, posted.payload)
            ),
        )
        for agent in (1, 2, 3)
    ]

    list(run_suite(all_cases(), first, others))

    assert firmware.state() == before


def test_nothing_is_changed_where_that_is_not_allowed() -> None:
    firmware = Firmware(showcase(), PROFILES["generic"])
    states = []

    def exchange(posted: Posted) -> Posted:
        states.append(firmware.state())
        return Posted(posted.header, firmware.answer(1, posted.header, posted.payload))

    results = list(run_suite(all_cases(), AgentChannel("1", exchange), changes=False))

    assert {r.verdict for r in results if r.case.changes} == {Verdict.NOT_SUPPORTED}
    assert all(state == states[0] for state in states)


def test_a_platform_that_is_gone_ends_the_run() -> None:
    def gone(posted: Posted) -> Posted:
        raise PlatformGone("the board is off")

    with pytest.raises(PlatformGone, match="the board is off"):
        list(run_suite(all_cases(), AgentChannel("gone", gone)))


def test_a_platform_without_a_protocol_is_not_judged_on_it(suite: Suite) -> None:
    results = suite(profile=PROFILES["tfa-rpi5"], names=["clock.version-takes-no-payload"])

    assert [result.verdict for result in results] == [Verdict.PASS]


def test_one_channel_is_enough() -> None:
    firmware = Firmware(showcase(), PROFILES["generic"])
    channel = AgentChannel("1", lambda posted: Posted(posted.header, firmware.answer(1, posted.header, posted.payload)))

    results = {result.case.name: result for result in run_suite(all_cases(), channel)}

    name = "base.each-channel-is-an-agent-of-its-own"
    assert (results[name].verdict, results[name].words) == (
        Verdict.NOT_SUPPORTED,
        "only one agent's channel is at hand",
    )


def test_tests_are_selected_by_pattern() -> None:
    cases = all_cases()

    assert select(cases, []) == cases
    assert {case.protocol.name for case in select(cases, ["clock.*"])} == {"clock"}
    assert len(select(cases, ["*.version-is-one-that-exists"])) == 10
    assert select(cases, ["nothing"]) == ()
