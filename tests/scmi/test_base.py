"""The base protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import base as p
from xenscmi.scmi.protocols.common import NotifyEnable

EXAMPLES: list[tuple[Structure, str]] = [
    (p.BaseProtocolAttributesResponse(p.BaseAttributes.of(protocols=4, agents=3)), "00000000 04030000"),
    (p.BaseDiscoverVendorRequest(), ""),
    (p.BaseDiscoverVendorResponse("EPAM"), "00000000 4550414d 00000000 00000000 00000000"),
    (p.BaseDiscoverSubVendorRequest(), ""),
    (p.BaseDiscoverSubVendorResponse(""), "00000000 00000000 00000000 00000000 00000000"),
    (p.BaseDiscoverImplementationVersionRequest(), ""),
    (p.BaseDiscoverImplementationVersionResponse(0x12345678), "00000000 78563412"),
    (p.BaseDiscoverListProtocolsRequest(2), "02000000"),
    (p.BaseDiscoverListProtocolsResponse(0, ()), "00000000 00000000"),
    (p.BaseDiscoverListProtocolsResponse(1, (0x11,)), "00000000 01000000 11000000"),
    (p.BaseDiscoverListProtocolsResponse(3, (0x11, 0x14, 0x16)), "00000000 03000000 11141600"),
    (p.BaseDiscoverListProtocolsResponse(4, (0x11, 0x13, 0x14, 0x16)), "00000000 04000000 11131416"),
    (p.BaseDiscoverListProtocolsResponse(5, (1, 2, 3, 4, 5)), "00000000 05000000 01020304 05000000"),
    (p.BaseDiscoverAgentRequest(p.OWN_AGENT_ID), "ffffffff"),
    (p.BaseDiscoverAgentResponse(2, "dom0"), "00000000 02000000 646f6d30 00000000 00000000 00000000"),
    (p.BaseDiscoverAgentResponseV1("dom0"), "00000000 646f6d30 00000000 00000000 00000000"),
    (p.BaseNotifyErrorsRequest(NotifyEnable.of(enable=True)), "01000000"),
    (p.BaseNotifyErrorsResponse(), "00000000"),
    (p.BaseSetDevicePermissionsRequest(2, 0x101, p.AccessFlags.of(allow=True)), "02000000 01010000 01000000"),
    (p.BaseSetDevicePermissionsResponse(), "00000000"),
    (p.BaseSetProtocolPermissionsRequest(2, 3, 0x14, p.AccessFlags(0)), "02000000 03000000 14000000 00000000"),
    (p.BaseSetProtocolPermissionsResponse(), "00000000"),
    (p.BaseResetAgentConfigurationRequest(2, p.ResetAgentFlags.of(reset_permissions=True)), "02000000 01000000"),
    (p.BaseResetAgentConfigurationResponse(), "00000000"),
    (
        p.BaseErrorEvent(1, p.ErrorStatus.of(fatal=True, messages=2), (0x5005, 0xFFFF_FFFD_0000_5006)),
        "01000000 02000080 05500000 00000000 06500000 fdffffff",
    ),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
