"""The clock protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import clock as p
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.ClockProtocolAttributesResponse(p.ClockProtocolAttributes.of(clocks=300, max_async_requests=2)),
        "00000000 2c010200",
    ),
    (p.ClockAttributesRequest(7), "07000000"),
    (
        p.ClockAttributesResponse(p.ClockAttributes.of(enabled=True, extended_name=True), "uart0", 100),
        "00000000 01000020 75617274 30000000 00000000 00000000 64000000",
    ),
    (
        p.ClockAttributesResponseV1(p.ClockAttributes.of(enabled=True), "0123456789abcde"),
        "00000000 01000000 30313233 34353637 38396162 63646500",
    ),
    (p.ClockDescribeRatesRequest(7, 2), "07000000 02000000"),
    (
        p.ClockDescribeRatesResponse(p.NumRatesFlags.of(returned=2, remaining=5), (24_000_000, 1 << 32)),
        "00000000 02000500 00366e01 00000000 00000000 01000000",
    ),
    (
        p.ClockDescribeRatesResponse(p.NumRatesFlags.of(returned=3, format=p.RateFormat.RANGE), (1, 0x100, 2)),
        "00000000 03100000 01000000 00000000 00010000 00000000 02000000 00000000",
    ),
    (p.ClockDescribeRatesResponse(p.NumRatesFlags(0), ()), "00000000 00000000"),
    (
        p.ClockRateSetRequest(p.ClockRateSetFlags.of(round_up=True), 7, 0x1_0000_0002),
        "04000000 07000000 02000000 01000000",
    ),
    (p.ClockRateSetResponse(), "00000000"),
    (p.ClockRateSetComplete(7, 0x1_0000_0002), "00000000 07000000 02000000 01000000"),
    (p.ClockRateGetRequest(7), "07000000"),
    (p.ClockRateGetResponse(0x1_0000_0002), "00000000 02000000 01000000"),
    (
        p.ClockConfigSetRequest(7, p.ClockConfig.of(state=p.ClockState.UNCHANGED, extended_config_type=1), 500),
        "07000000 03000100 f4010000",
    ),
    (p.ClockConfigSetRequestV1(7, p.ClockConfigV1.of(enable=True)), "07000000 01000000"),
    (p.ClockConfigSetResponse(), "00000000"),
    (p.ClockConfigGetRequest(7, p.ClockConfigGetFlags.of(extended_config_type=0x80)), "07000000 80000000"),
    (
        p.ClockConfigGetResponse(Reserved(0), p.ClockCurrentConfig.of(enabled=True), 9),
        "00000000 00000000 01000000 09000000",
    ),
    (p.ClockNameGetRequest(7), "07000000"),
    (p.ClockNameGetResponse(Reserved(0), "a" * 63), "00000000 00000000" + "61" * 63 + "00"),
    (p.ClockRateNotifyRequest(7, NotifyEnable(1)), "07000000 01000000"),
    (p.ClockRateNotifyResponse(), "00000000"),
    (p.ClockRateChangeRequestedNotifyRequest(7, NotifyEnable(0)), "07000000 00000000"),
    (p.ClockRateChangeRequestedNotifyResponse(), "00000000"),
    (p.ClockPossibleParentsGetRequest(7, 1), "07000000 01000000"),
    (
        p.ClockPossibleParentsGetResponse(p.NumParentFlags.of(returned=2, remaining=3), (1, 0xFFFF)),
        "00000000 02000003 01000000 ffff0000",
    ),
    (p.ClockParentSetRequest(7, 2), "07000000 02000000"),
    (p.ClockParentSetResponse(), "00000000"),
    (p.ClockParentGetRequest(7), "07000000"),
    (p.ClockParentGetResponse(2), "00000000 02000000"),
    (p.ClockGetPermissionsRequest(7), "07000000"),
    (
        p.ClockGetPermissionsResponse(p.ClockPermissions.of(state_control=True, rate_control=True)),
        "00000000 000000a0",
    ),
    (p.ClockRateChanged(1, 7, 5), "01000000 07000000 05000000 00000000"),
    (p.ClockRateChangeRequested(1, 7, 5), "01000000 07000000 05000000 00000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
