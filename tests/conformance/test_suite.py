"""The conformance suite on our own firmware, and its own promises."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from tests.conformance.conftest import Serve, Suite

from xenscmi.board.showcase import showcase
from xenscmi.conformance.suite import all_cases, run_suite, select
from xenscmi.conformance.tester import AgentChannel
from xenscmi.conformance.verdict import PlatformGone, Verdict
from xenscmi.firmware import PROFILES, Firmware
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols.power_capping import PowercapDomainAttributesResponse
from xenscmi.scmi.protocols.power_capping_v3 import PowercapDomainAttributesResponseV3, PowercapDomainAttributesV3
from xenscmi.scmi.shmem import Posted
from xenscmi.scmi.status import Status


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


def power_capping_3(serve: Serve) -> Serve:
    """Our firmware's power capping 2.0 as a platform of SCMI 4.0 (beta) would speak: 3.0, with one limit a domain."""

    def answer(agent: int, posted: Posted) -> Posted:
        header, payload = posted
        if header.protocol_id != ProtocolId.POWER_CAPPING:
            return serve(agent, posted)
        limited = {0x4: (8, 4), 0x5: (16, 4), 0xC: (12, 8)}.get(header.message_id)
        if limited is not None:  # has a limit's number, at this offset of a payload of this size
            size, at = limited
            if len(payload) != size:
                return Posted(header, Status.PROTOCOL_ERROR.to_bytes(4, "little", signed=True))
            if payload[at : at + 4] != bytes(4):
                return Posted(header, Status.NOT_FOUND.to_bytes(4, "little", signed=True))
            payload = payload[:at] + payload[at + 4 :]
        if (header.message_id, payload) == (0x10, (0x30000).to_bytes(4, "little")):
            return Posted(header, bytes(4))
        right = serve(agent, Posted(header, payload)).payload
        if header.message_id == 0x0 and right[:4] == bytes(4):
            right = bytes(4) + (0x30000).to_bytes(4, "little")
        if header.message_id == 0x3 and right[:4] == bytes(4):
            right = in_version_3(PowercapDomainAttributesResponse.decode(right)).encode()
        return Posted(header, right)

    return answer


def hear_3(posted: Posted | None) -> Posted | None:
    """What it sends unasked ends in the limit's number."""
    if posted is None or posted.header.protocol_id != ProtocolId.POWER_CAPPING:
        return posted
    return Posted(posted.header, posted.payload + bytes(4))


def in_version_3(old: PowercapDomainAttributesResponse) -> PowercapDomainAttributesResponseV3:
    names = [part.name for part, _ in PowercapDomainAttributesV3(0).items()]
    bits = {part.name: value for part, value in old.attributes.items() if part.name in names}
    return PowercapDomainAttributesResponseV3(
        attributes=PowercapDomainAttributesV3.of(**bits, cpls=1),
        name=old.name,
        min_mai=old.min_pai,
        max_mai=old.max_pai,
        mai_step=old.pai_step,
        min_power_cap=old.min_power_cap,
        max_power_cap=old.max_power_cap,
        power_cap_step=old.power_cap_step,
        sustainable_power=old.sustainable_power,
        accuracy=old.accuracy,
        parent_id=old.parent_id,
        min_cai=old.min_pai,
        max_cai=old.max_pai,
        cai_step=0,
    )


def test_power_capping_of_scmi_4_is_tested_in_its_own_forms(suite: Suite) -> None:
    results = [
        result for result in suite(power_capping_3, hear=hear_3) if result.case.name.startswith("power-capping.")
    ]

    assert {result.case.name: result.words for result in results if result.verdict is Verdict.FAIL} == {}
    passed = {result.case.name for result in results if result.verdict is Verdict.PASS}
    assert passed >= {
        "power-capping.the-ends-of-the-range-can-be-set",
        "power-capping.the-interval-is-in-its-range",
        "power-capping.a-power-limit-that-does-not-exist-is-refused",
        "power-capping.capping-one-limit-reads-back-on-that-one",
        "power-capping.cap-get-of-none",
        "power-capping.cap-get-sizes",
    }
