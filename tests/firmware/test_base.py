"""The base protocol: discovery for everybody, permissions for trusted agents, and what a reset means by profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from xenscmi.firmware import PROFILES, Firmware
from xenscmi.firmware.clock import ClockServer
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    AccessFlags,
    BaseAttributes,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseDiscoverListProtocolsRequest,
    BaseDiscoverListProtocolsResponse,
    BaseDiscoverVendorRequest,
    BaseDiscoverVendorResponse,
    BaseProtocolAttributesResponse,
    BaseResetAgentConfigurationRequest,
    BaseResetAgentConfigurationResponse,
    BaseSetDevicePermissionsRequest,
    BaseSetDevicePermissionsResponse,
    BaseSetProtocolPermissionsRequest,
    BaseSetProtocolPermissionsResponse,
    ResetAgentFlags,
)
from xenscmi.scmi.protocols.clock import (
    ClockConfig,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigSetResponse,
    ClockConfigV1,
)
from xenscmi.scmi.protocols.common import (
    NegotiateProtocolVersionRequest,
    NegotiateProtocolVersionResponse,
    ProtocolAttributesRequest,
    ProtocolMessageAttributesRequest,
    Version,
)
from xenscmi.scmi.protocols.reset import ResetFlags, ResetRequest, ResetResponse, ResetState
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

ALLOW, DENY = AccessFlags(1), AccessFlags(0)


def allow(agent: int, device: int) -> BaseSetDevicePermissionsRequest:
    return BaseSetDevicePermissionsRequest(agent, device, ALLOW)


def enable(clock: int) -> ClockConfigSetRequest:
    return ClockConfigSetRequest(clock, ClockConfig.of(state=1), 0)


def running(lab: Lab) -> list[int]:
    clocks = lab.firmware.servers[ProtocolId.CLOCK]
    assert isinstance(clocks, ClockServer)
    return [number for number, setting in clocks.settings.items() if setting.enabled]


def test_discovery_says_who_is_there(lab: Lab) -> None:
    for agent, protocols in ((1, 3), (2, 0)):
        attributes = BaseProtocolAttributesResponse(BaseAttributes.of(protocols=protocols, agents=8))
        assert lab.ask(agent, ProtocolId.BASE, ProtocolAttributesRequest()) == attributes
    assert lab.ask(2, ProtocolId.BASE, BaseDiscoverVendorRequest()) == BaseDiscoverVendorResponse("xenscmi")
    assert lab.ask(2, ProtocolId.BASE, BaseDiscoverAgentRequest(5)) == BaseDiscoverAgentResponse(5, "agent-5")
    assert lab.ask(2, ProtocolId.BASE, BaseDiscoverAgentRequest(8)) == Status.NOT_FOUND


def test_an_agent_is_who_its_channel_says(lab: Lab) -> None:
    for agent in range(8):
        found = lab.ask(agent, ProtocolId.BASE, BaseDiscoverAgentRequest(OWN_AGENT_ID))
        assert found == BaseDiscoverAgentResponse(agent, f"agent-{agent}" if agent else "platform")


def test_the_protocols_that_an_agent_may_use_are_listed_in_parts(lab: Lab) -> None:
    def listed(agent: int, skip: int) -> object:
        return lab.ask(agent, ProtocolId.BASE, BaseDiscoverListProtocolsRequest(skip))

    assert listed(1, 0) == BaseDiscoverListProtocolsResponse(3, (0x11, 0x14, 0x16))
    assert listed(1, 2) == BaseDiscoverListProtocolsResponse(1, (0x16,))
    assert listed(1, 3) == BaseDiscoverListProtocolsResponse(0, ())
    assert listed(1, 4) == listed(1, 0xFFFF_FFFF) == Status.INVALID_PARAMETERS
    assert listed(2, 0) == BaseDiscoverListProtocolsResponse(0, ())
    lab.ask(1, ProtocolId.BASE, allow(2, 3))
    lab.ask(1, ProtocolId.BASE, BaseSetProtocolPermissionsRequest(2, 3, ProtocolId.CLOCK, DENY))
    assert listed(2, 0) == BaseDiscoverListProtocolsResponse(2, (0x11, 0x16))


def test_only_the_trusted_agent_sets_permissions(lab: Lab) -> None:
    before = lab.state()
    for agent in {*range(8)} - {1}:
        assert lab.ask(agent, ProtocolId.BASE, allow(agent, 3)) == Status.DENIED
        assert (
            lab.ask(agent, ProtocolId.BASE, BaseResetAgentConfigurationRequest(2, ResetAgentFlags(1))) == Status.DENIED
        )
        assert (
            lab.ask(agent, ProtocolId.BASE, BaseSetProtocolPermissionsRequest(agent, 3, ProtocolId.CLOCK, ALLOW))
            == Status.DENIED
        )
    assert lab.state() == before
    assert lab.ask(1, ProtocolId.BASE, allow(2, 3)) == BaseSetDevicePermissionsResponse()


@pytest.mark.parametrize(
    ("agent", "device", "flags", "status"),
    [
        (8, 3, 1, Status.NOT_FOUND),
        (2, 8, 1, Status.NOT_FOUND),
        (2, 0xFFFF_FFFF, 1, Status.NOT_FOUND),
        (2, 3, 2, Status.INVALID_PARAMETERS),
    ],
)
def test_what_does_not_exist_is_not_granted(lab: Lab, agent: int, device: int, flags: int, status: Status) -> None:
    before = lab.state()
    assert lab.ask(1, ProtocolId.BASE, BaseSetDevicePermissionsRequest(agent, device, AccessFlags(flags))) == status
    assert lab.state() == before


def test_a_granted_device_opens_its_resources_and_no_others(lab: Lab) -> None:
    lab.ask(1, ProtocolId.BASE, allow(2, 3))
    allowed = [
        device for device in range(8) if lab.ask(2, ProtocolId.CLOCK, enable(device)) == ClockConfigSetResponse()
    ]
    assert allowed == [3]
    assert lab.ask(3, ProtocolId.CLOCK, enable(3)) == Status.DENIED
    lab.ask(1, ProtocolId.BASE, BaseSetDevicePermissionsRequest(2, 3, DENY))
    assert lab.ask(2, ProtocolId.CLOCK, enable(3)) == Status.DENIED


def test_one_protocol_of_a_device_can_be_denied(lab: Lab) -> None:
    lab.ask(1, ProtocolId.BASE, allow(2, 3))
    denied = lab.ask(1, ProtocolId.BASE, BaseSetProtocolPermissionsRequest(2, 3, ProtocolId.CLOCK, DENY))
    assert denied == BaseSetProtocolPermissionsResponse()
    assert lab.ask(2, ProtocolId.CLOCK, enable(3)) == Status.DENIED
    assert lab.ask(2, ProtocolId.RESET, ResetRequest(3, ResetFlags(1), ResetState(0))) == ResetResponse()
    assert (
        lab.ask(1, ProtocolId.BASE, BaseSetProtocolPermissionsRequest(2, 3, ProtocolId.BASE, DENY))
        == Status.INVALID_PARAMETERS
    )
    assert lab.ask(1, ProtocolId.BASE, BaseSetProtocolPermissionsRequest(2, 3, 0x15, DENY)) == Status.NOT_FOUND


def test_reset_by_flag_undoes_what_the_agent_alone_may_use(lab: Lab) -> None:
    for agent, device in ((2, 3), (2, 4), (5, 4)):
        lab.ask(1, ProtocolId.BASE, allow(agent, device))
    for device in (3, 4):
        lab.ask(2, ProtocolId.CLOCK, enable(device))
    reset = lab.ask(1, ProtocolId.BASE, BaseResetAgentConfigurationRequest(2, ResetAgentFlags(0)))
    assert reset == BaseResetAgentConfigurationResponse()
    assert running(lab) == [4]
    assert lab.firmware.permissions.devices_of(2) == {3, 4}
    lab.ask(1, ProtocolId.BASE, BaseResetAgentConfigurationRequest(2, ResetAgentFlags(1)))
    assert lab.firmware.permissions.devices_of(2) == frozenset()
    assert lab.firmware.permissions.devices_of(5) == {4}


@pytest.mark.parametrize(
    ("profile", "trusted", "devices", "clocks"),
    [("tfa-rpi5", 0, frozenset(), [3]), ("tfa-rcar-gen4", 0, frozenset({3}), []), ("scp", 1, frozenset({3}), [3])],
)
def test_reset_means_what_the_profile_says(
    make_lab: Callable[..., Lab], profile: str, trusted: int, devices: frozenset[int], clocks: list[int]
) -> None:
    lab = make_lab(profile)
    lab.ask(trusted, ProtocolId.BASE, allow(2, 3))
    on = (
        ClockConfigSetRequestV1(3, ClockConfigV1(1))
        if lab.firmware.servers[ProtocolId.CLOCK].version < 0x30000
        else enable(3)
    )
    assert lab.ask(2, ProtocolId.CLOCK, on) == ClockConfigSetResponse()
    lab.ask(trusted, ProtocolId.BASE, BaseResetAgentConfigurationRequest(2, ResetAgentFlags(0)))
    assert lab.firmware.permissions.devices_of(2) == devices
    assert running(lab) == clocks


@pytest.mark.parametrize("profile", ["tfa-rpi5", "tfa-rcar-gen4"])
def test_on_epams_firmware_agent_0_alone_is_trusted(make_lab: Callable[..., Lab], profile: str) -> None:
    lab = make_lab(profile)
    assert lab.ask(1, ProtocolId.BASE, allow(2, 3)) == Status.DENIED
    assert lab.ask(0, ProtocolId.BASE, allow(2, 3)) == BaseSetDevicePermissionsResponse()


@pytest.mark.parametrize(("profile", "status"), [("generic", -1), ("tfa-rpi5", -1), ("tfa-rcar-gen4", -1), ("scp", -4)])
def test_an_unknown_message_gets_the_profiles_status(make_lab: Callable[..., Lab], profile: str, status: int) -> None:
    lab = make_lab(profile)
    for message in (0x8, 0xF, 0xFF):
        assert int.from_bytes(lab.raw(0, ProtocolId.BASE, message), "little", signed=True) == status
    assert lab.ask(0, ProtocolId.BASE, ProtocolMessageAttributesRequest(0xFF)) == Status.NOT_FOUND


def test_exclusive_firmware_gives_a_device_to_one_agent(lab: Lab) -> None:
    lab.firmware = Firmware(lab.platform, replace(PROFILES["generic"], exclusive=True))
    assert lab.ask(1, ProtocolId.BASE, allow(2, 3)) == BaseSetDevicePermissionsResponse()
    assert lab.ask(1, ProtocolId.BASE, allow(2, 3)) == BaseSetDevicePermissionsResponse()
    assert lab.ask(1, ProtocolId.BASE, allow(5, 3)) == Status.IN_USE
    lab.ask(1, ProtocolId.BASE, BaseSetDevicePermissionsRequest(2, 3, DENY))
    assert lab.ask(1, ProtocolId.BASE, allow(5, 3)) == BaseSetDevicePermissionsResponse()


def test_every_known_version_can_be_negotiated_by_each_agent(lab: Lab) -> None:
    lab.ask(1, ProtocolId.BASE, allow(2, 3))
    two_words = ClockConfigSetRequestV1(3, ClockConfigV1(1)).encode()
    for version in (0x20000, 0x10000):
        request = NegotiateProtocolVersionRequest(Version(version))
        assert lab.ask(2, ProtocolId.CLOCK, request) == NegotiateProtocolVersionResponse()
        assert lab.raw(2, ProtocolId.CLOCK, 0x7, two_words) == bytes(4)
        assert lab.raw(1, ProtocolId.CLOCK, 0x7, two_words) != bytes(4), "the other agent's version stays"
    attributes = lab.raw(2, ProtocolId.CLOCK, 0x3, (3).to_bytes(4, "little"))
    assert len(attributes) == 24, "version 1.0 has no enable delay"
    newest = NegotiateProtocolVersionRequest(Version(0x30000))
    assert lab.ask(2, ProtocolId.CLOCK, newest) == NegotiateProtocolVersionResponse()
    assert lab.raw(2, ProtocolId.CLOCK, 0x7, two_words) != bytes(4)
    for unknown in (0x10001, 0x30001, 0x40000, 0):
        request = NegotiateProtocolVersionRequest(Version(unknown))
        assert lab.ask(2, ProtocolId.CLOCK, request) == Status.NOT_SUPPORTED


def test_a_platform_can_speak_older_versions_than_its_profile(lab: Lab) -> None:
    lab.firmware = Firmware(replace(lab.platform, versions={ProtocolId.CLOCK: 0x20000}), PROFILES["generic"])
    lab.ask(1, ProtocolId.BASE, allow(2, 3))
    two_words = ClockConfigSetRequestV1(3, ClockConfigV1(1)).encode()
    assert lab.raw(2, ProtocolId.CLOCK, 0x0) == bytes.fromhex("00000000 00000200")
    assert lab.raw(2, ProtocolId.CLOCK, 0x7, two_words) == bytes(4)


def test_base_1_0_has_its_own_discover_agent(lab: Lab) -> None:
    lab.firmware = Firmware(replace(lab.platform, versions={ProtocolId.BASE: 0x10000}), PROFILES["generic"])
    answer = lab.raw(2, ProtocolId.BASE, 0x7, (5).to_bytes(4, "little"))
    assert answer == bytes(4) + b"agent-5".ljust(16, b"\0")
    assert lab.raw(2, ProtocolId.BASE, 0x7, b"\xff" * 4) == (-4).to_bytes(4, "little", signed=True)


def test_unknown_protocols_and_other_kinds_of_messages_are_not_supported(lab: Lab) -> None:
    not_supported = Status.NOT_SUPPORTED.to_bytes(4, "little", signed=True)
    for number in {*range(256)} - lab.firmware.servers.keys():
        assert lab.raw(0, number, 0) == not_supported
    for kind in (MessageType.DELAYED_RESPONSE, MessageType.NOTIFICATION):
        assert lab.firmware.answer(0, Header.of(protocol_id=ProtocolId.BASE, message_type=kind), b"") == not_supported
