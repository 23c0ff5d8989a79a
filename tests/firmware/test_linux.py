"""Linux 6.1, 6.6, 6.12 and 7.2 probe every profile, as a trusted and as a restricted agent: every driver comes up."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from tests.firmware.boards import GUEST, full_platform, trusted_of
from tests.firmware.linux import (
    BASE,
    CLOCK,
    DENIED,
    KERNELS,
    NOT_FOUND,
    NOT_SUPPORTED,
    PERF,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SYSTEM,
    VOLTAGE,
    Kernel,
    Linux,
    Refused,
)

from xenscmi.firmware import PROFILES, Firmware, FirmwareProfile, Platform, uniform_platform
from xenscmi.firmware.resources import by_id
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.status import Status

OWN = 0
"""The resource of each kind that the guest's device owns."""

HOLES = {CLOCK: {3, 4}}
"""Ids below the count that the board does not have."""

OPTIONAL = {(PERF, 0xB), (SENSOR, 8), (CLOCK, 0xC), (CLOCK, 0xE)}
"""Fast channels of a message, update intervals of a sensor, parents of a clock: a resource can have none."""

every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: f"linux-{kernel.name}")
every_profile = pytest.mark.parametrize("profile", PROFILES)


def board_of(profile: FirmwareProfile) -> Platform:
    """Return the full board, without what firmware of this profile never has."""
    board = full_platform()
    if "PINCTRL_LIST_ASSOCIATIONS" in profile.missing:
        # rpc_scmi_pinctrl.c of imx-sm has neither groups nor functions, so Linux has no associations to ask for.
        board = replace(
            board,
            pin_groups=(),
            pin_functions=(),
            devices=tuple(
                replace(
                    device,
                    resources={
                        **device.resources,
                        PINCTRL: frozenset(pin for pin in device.resources[PINCTRL] if pin < 1 << 16),
                    },
                )
                for device in board.devices
            ),
        )
    if "SENSOR_AXIS_DESCRIPTION_GET" in profile.missing:
        described = by_id(board.sensors).items()
        board = replace(board, sensors={number: replace(each, axes=()) for number, each in described})
    return board


def probed(kernel: Kernel, profile: str, agent: int | None = None) -> Linux:
    found = PROFILES[profile]
    linux = Linux(kernel, Firmware(board_of(found), found), trusted_of(found) if agent is None else agent)
    linux.probe()
    return linux


def is_missing(linux: Linux, refusal: Refused) -> bool:
    """Whether the firmware has no such command, for this agent, in the version that it speaks."""
    found = protocol(refusal.protocol)
    assert found is not None
    if refusal.message == 2:  # about a command that may be missing
        return refusal.status in (NOT_FOUND, NOT_SUPPORTED)
    if (refusal.protocol, refusal.message) in OPTIONAL:
        return refusal.status == NOT_SUPPORTED
    name = next(row.name for row in found.commands if row.id == refusal.message)
    missing = linux.firmware.profile.missing
    known = linux.firmware.servers[refusal.protocol].handlers
    is_absent = name in missing or f"{ProtocolId(found.id).name}_{name}" in missing or refusal.message not in known
    silent = not linux.firmware.profile.notifications and "NOTIFY" in name
    return (is_absent or silent) and refusal.status in (NOT_FOUND, NOT_SUPPORTED)


@every_profile
@every_kernel
def test_every_driver_comes_up_for_a_trusted_agent(kernel: Kernel, profile: str) -> None:
    linux = probed(kernel, profile)
    drivers = {BASE, POWER, SYSTEM, PERF, CLOCK, SENSOR, RESET, VOLTAGE, POWERCAP}
    drivers |= {PINCTRL} if kernel.pin_control else set()
    assert set(linux.up) == {number for number in drivers if PROFILES[profile].has(number)}
    for refusal in linux.refused:
        assert refusal.resource in HOLES.get(refusal.protocol, ()) or is_missing(linux, refusal), refusal


@every_profile
@every_kernel
def test_every_driver_comes_up_for_a_restricted_agent(kernel: Kernel, profile: str) -> None:
    """What is refused is refused for a resource that the agent may not use: its own ones are all described."""
    linux = probed(kernel, profile, GUEST)
    drivers = {BASE, POWER, SYSTEM, PERF, CLOCK, SENSOR, RESET, VOLTAGE, POWERCAP}
    drivers |= {PINCTRL} if kernel.pin_control else set()
    assert set(linux.up) == {number for number in drivers if PROFILES[profile].has(number)}
    for refusal in linux.refused:
        if is_missing(linux, refusal):
            continue
        assert refusal.resource is not None, refusal
        assert refusal.resource != OWN, refusal
        in_hole = refusal.resource in HOLES.get(refusal.protocol, ())
        assert in_hole or refusal.status == DENIED, refusal
        assert PROFILES[profile].checks_permissions or in_hole, refusal


@every_profile
def test_the_restricted_agent_sees_its_own_clock_alone_where_permissions_are_checked(profile: str) -> None:
    linux = probed(KERNELS[-1], profile, GUEST)
    everything = not PROFILES[profile].checks_permissions or PROFILES[profile].open_reads
    assert len(linux.names[CLOCK]) == (4 if everything else 1)
    assert len(set(linux.names[CLOCK])) == len(linux.names[CLOCK]), "Linux refuses a second clock of the same name"


@every_kernel
def test_each_version_sends_what_it_is_known_for(kernel: Kernel) -> None:
    sent = set(probed(kernel, "generic").sent)
    assert ((CLOCK, 0xC) in sent) == kernel.parents
    assert ((CLOCK, 0xB) in sent) == kernel.config_get
    assert ((PINCTRL, 3) in sent) == kernel.pin_control
    assert ((POWERCAP, 4) in sent) == kernel.needs_cap


@pytest.mark.parametrize("agent", [None, GUEST])
@every_profile
def test_a_new_kernel_falls_back_to_the_version_that_it_knows(profile: str, agent: int | None) -> None:
    """A platform that is newer than Linux 7.2 in every protocol: it negotiates, or takes what it gets."""
    found = PROFILES[profile]
    older = {number: known.versions[0] for number in range(0x10, 0x1A) if (known := protocol(number)) is not None}
    kernel = replace(KERNELS[-1], latest=older)
    linux = Linux(kernel, Firmware(board_of(found), found), trusted_of(found) if agent is None else agent)
    linux.probe()
    assert set(linux.up) >= {BASE, CLOCK, RESET}


# What Linux's users then do with their own resources


def use(linux: Linux) -> None:
    """Do with resource 0 of each protocol what consumers do, in the layouts that the kernel uses."""
    new_config = linux.since(CLOCK, 3)
    own: dict[int, list[tuple[int, ...]]] = {
        POWER: [(4, 0, OWN, 0), (5, OWN), (4, 0, OWN, 1 << 30)],
        PERF: [(7, OWN, 800), (8, OWN), (6, OWN)],
        CLOCK: [(7, OWN, 1, 0) if new_config else (7, OWN, 1), (5, 0, OWN, 2000, 0), (6, OWN)],
        SENSOR: [(6, OWN, 0)],
        RESET: [(4, OWN, 1, 0), (4, OWN, 2, 0), (4, OWN, 0, 0)],
        VOLTAGE: [(5, OWN, 7), (7, OWN, 0, 900_000), (8, OWN)],
        POWERCAP: [(5, OWN, 0, 500), (4, OWN), (9, OWN)],
        PINCTRL: [(7, OWN, 0), (6, OWN, 0xFFFF_FFFF, 0), (8, OWN, 0)],
    }
    for number in linux.up:
        for message, *words in own.get(number, ()):
            linux.try_(number, message, *words, resource=OWN)


@every_profile
@every_kernel
def test_the_agent_can_use_what_it_owns(kernel: Kernel, profile: str) -> None:
    linux = probed(kernel, profile, GUEST)
    linux.refused.clear()
    use(linux)
    for refusal in linux.refused:
        assert is_missing(linux, refusal), refusal


def test_linux_up_to_6_6_enables_clocks_in_two_words() -> None:
    """clock.c of 6.6 knows no other layout; a platform that it can use speaks clock 2.0 or older, by `versions`."""
    for version in (0x10000, 0x20000):
        platform = replace(full_platform(), versions={CLOCK: version})
        firmware = Firmware(platform, PROFILES["generic"])
        answer = firmware.answer(
            GUEST, Header.of(protocol_id=ProtocolId.CLOCK, message_id=7), struct.pack("<II", OWN, 1)
        )
        assert answer == struct.pack("<i", Status.SUCCESS)


def test_no_answer_is_longer_than_linux_takes() -> None:
    for profile in PROFILES.values():
        firmware = Firmware(board_of(profile), profile)
        for number, server in firmware.servers.items():
            for message in server.handlers:
                for length in range(0, 24, 4):
                    header = Header.of(protocol_id=number, message_id=message)
                    assert len(firmware.answer(GUEST, header, bytes(length))) <= 104


def test_a_message_of_the_base_protocol_can_be_missing_by_its_full_name() -> None:
    lacking = replace(PROFILES["generic"], missing=frozenset({"BASE_PROTOCOL_ATTRIBUTES"}))
    firmware = Firmware(uniform_platform((), 1), lacking)
    for number, status in ((ProtocolId.BASE, Status.NOT_SUPPORTED), (ProtocolId.CLOCK, Status.SUCCESS)):
        answer = firmware.answer(0, Header.of(protocol_id=number, message_id=1), b"")
        assert int.from_bytes(answer[:4], "little", signed=True) == status
