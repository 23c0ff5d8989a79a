"""The campaign of permissions: nothing wrong with a sound host, and every planted fault found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.simulation.planted import KINDS, TRUSTED, attempt, faults, full_host

from xenscmi.firmware import PROFILES, Firmware
from xenscmi.host.load import load_host
from xenscmi.host.types import Host
from xenscmi.rules.example import FILES
from xenscmi.scmi.header import Header
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.status import Status
from xenscmi.simulation.campaign import Campaign, run_campaign
from xenscmi.simulation.messages import MESSAGES
from xenscmi.simulation.rights import rights_of
from xenscmi.simulation.running import run
from xenscmi.simulation.simulate import simulate

PROTECTED = ("generic", "scp", "imx-sm", "xen-lab")
"""Profiles that check permissions, and with which the example host boots."""
DENIED = Status.DENIED.to_bytes(4, "little", signed=True)


def example() -> Host:
    def read(path: Path) -> bytes:
        if path.name not in FILES:
            raise FileNotFoundError(path)
        return FILES[path.name].encode()

    return load_host(["."], read=read, list_folder=lambda path: [path / name for name in FILES]).host


def campaign_of(host: Host, most: int = 1_000_000) -> Campaign:
    return run_campaign(host, run(host), most=most)


@pytest.fixture(scope="module")
def host() -> Host:
    return full_host(example())


@pytest.fixture(scope="module")
def sound(host: Host) -> Campaign:
    return campaign_of(host)


def test_there_is_a_row_for_every_command_that_is_not_only_in_a_beta() -> None:
    known = [found for number in range(0x10, 0x1A) if (found := protocol(number))]
    final = {
        command.name
        for each in known
        for version in each.versions
        if version not in each.beta
        for command in each.commands_of(version).values()
    }
    assert set(MESSAGES) == final


@pytest.mark.parametrize("profile", PROTECTED)
@pytest.mark.parametrize("notified", [True, False])
def test_firmware_that_checks_permissions_has_no_fault(profile: str, notified: bool) -> None:
    assert campaign_of(full_host(example(), profile, notified=notified)).faults == ()


def test_firmware_that_checks_nothing_has_one_for_every_resource_of_another() -> None:
    host = full_host(example(), "tfa-epam")
    assert not PROFILES["tfa-epam"].checks_permissions
    found = campaign_of(host)
    rights = rights_of(host)
    open_to_all = {
        (each.agent, each.protocol, number) for each in found.faults for number in each.resources if number is not None
    }
    tried = {
        (each.agent, each.protocol, number)
        for each in found.trials
        if each.protocol != 0x10
        for number in each.resources
        if number is not None and not rights.may_use(each.agent, each.protocol, number)
    }
    assert open_to_all == tried


def test_every_agent_tries_every_message_about_everything(sound: Campaign) -> None:
    tried = {(each.agent, each.protocol, each.message, number) for each in sound.trials for number in each.resources}
    expected = {
        (speaker.agent, each.command.protocol_id, each.command.name, each.number)
        for speaker in sound.speakers
        for each in sound.variants
    }
    assert tried == expected
    assert sound.sent == sound.possible == len(expected)
    assert sound.step == 1


def test_each_domains_agent_gets_what_is_its_own(sound: Campaign) -> None:
    """The panel (agent 3) has device 1, the guest (agent 4) device 2; agent 5 is nobody's and has nothing."""
    given = {(each.agent, each.domain): each.devices for each in sound.speakers}
    assert given == {
        (1, ""): frozenset(),
        (2, "dom0"): {0},
        (3, "panel"): {1},
        (4, "guest"): {2},
        (5, ""): frozenset(),
    }
    answered = {
        (each.agent, number)
        for each in sound.trials
        if each.message == "CLOCK_RATE_GET" and each.expected.status == Status.SUCCESS
        for number in each.resources
    }
    assert answered == {(3, 0), (4, 1), *((1, number) for number in (0, 1, 2, 5))}


def test_a_refusal_is_four_bytes(sound: Campaign) -> None:
    refusals = {each.answer for each in sound.trials if each.expected.refused}
    assert refusals == {Status.DENIED.to_bytes(4, "little", signed=True)}


@pytest.mark.parametrize("most", [1000, 1])
def test_a_campaign_that_would_be_too_long_leaves_out_what_is_not_the_senders(
    most: int, host: Host, sound: Campaign
) -> None:
    part, rights = campaign_of(host, most), rights_of(host)
    assert part.step > 1
    assert part.sent < 1100 < part.possible == sound.possible
    assert part.faults == ()
    tried = {(each.agent, each.message, number) for each in part.trials for number in each.resources}
    for trial in sound.trials:
        own = rights.resources.get(trial.agent, {}).get(trial.protocol, frozenset())
        assert {(trial.agent, trial.message, number) for number in trial.resources if number in own} <= tried
    assert {each.message for each in sound.trials if each.resources == (None,)} <= {each[1] for each in tried}


def test_hosts_that_run_as_assigned_have_no_fault(boot_vectors: dict[str, Host]) -> None:
    """On hosts whose real Xen is known: what `simulate` finds nothing wrong with, the campaign does not either."""
    sound = 0
    for name, host in boot_vectors.items():
        running = run(host)
        if running.panic is None and not simulate(host).deviations:
            assert run_campaign(host, running).faults == (), name
            sound += 1
    assert sound > 20


@pytest.mark.parametrize("name", ["mgmt-no-ac-cells", "ac-hole", "ac-second-entry-after-foreign"])
def test_a_device_that_xen_leaves_out_is_missed(name: str, boot_vectors: dict[str, Host]) -> None:
    """The files give it to the domain; that Xen does not understand them is no excuse."""
    found = campaign_of(boot_vectors[name])
    assert found.faults
    assert all(each.fault.startswith("DENIED (-3) instead of ") for each in found.faults)


def test_a_domain_that_cannot_reach_its_channel_is_told_apart(boot_vectors: dict[str, Host]) -> None:
    ways = {each.domain: each.through_xen for each in campaign_of(boot_vectors["domU-other-agents-page"]).speakers}
    assert ways["dom0"]
    assert not ways["domU1"]


def check_planted(host: Host, sound: Campaign, wanted: int) -> None:
    """Plant as many faults that have an effect; every one is found, at its agent, message and resource."""
    planted, kinds, missed = 0, set(), []
    for fault in faults(host, sound, seed=15):
        if planted == wanted:
            break
        found, had_effect = attempt(host, fault)
        if had_effect:
            planted += 1
            kinds.add(fault.kind)
            if not fault.found_by(found.faults):
                missed.append(fault)
    assert missed == []
    assert planted == wanted
    assert wanted < 50 or kinds == set(KINDS)


class ObeysElsewhere(Firmware):
    """Refuses to set a clock for agent 2, and does something about another protocol instead."""

    also: tuple[Header, bytes]

    def answer(self, agent: int, header: Header, payload: bytes) -> bytes:
        answer = super().answer(agent, header, payload)
        if agent == 2 and (header >> 10 & 0xFF, header & 0xFF) == (0x14, 0x5) and answer == DENIED:
            super().answer(TRUSTED, *self.also)
        return answer


@pytest.mark.parametrize(
    ("number", "message", "words"),
    [
        (0x11, 0x4, (0, 1, 0x4000_0000)),  # POWER_STATE_SET: off
        (0x16, 0x4, (1, 2, 0)),  # RESET: asserts
        (0x10, 0x9, (2, 1, 1)),  # BASE_SET_DEVICE_PERMISSIONS: agent 2 is given device 1
    ],
)
def test_a_refusal_that_changes_something_of_another_protocol_is_found(
    host: Host, number: int, message: int, words: tuple[int, ...]
) -> None:
    payload = b"".join(word.to_bytes(4, "little") for word in words)

    class Made(ObeysElsewhere):
        also = (Header.of_command(number, message, 1), payload)

    faults = run_campaign(host, run(host, Made)).faults
    found = {(each.agent, each.message) for each in faults if "changed something" in each.fault}
    assert found == {(2, "CLOCK_RATE_SET")}


def test_planted_faults_are_found(host: Host, sound: Campaign) -> None:
    check_planted(host, sound, wanted=20)


@pytest.mark.slow
def test_two_hundred_planted_faults_are_found(host: Host, sound: Campaign) -> None:
    check_planted(host, sound, wanted=200)
