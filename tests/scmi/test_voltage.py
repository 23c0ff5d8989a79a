"""The voltage protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import voltage as p
from xenscmi.scmi.protocols.common import Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (p.VoltageProtocolAttributesResponse(p.VoltageProtocolAttributes.of(domains=3)), "00000000 03000000"),
    (p.VoltageDomainAttributesRequest(2), "02000000"),
    (
        p.VoltageDomainAttributesResponse(p.VoltageDomainAttributes.of(asynchronous=True), "vdd"),
        "00000000 00000080 76646400 00000000 00000000 00000000",
    ),
    (p.VoltageDescribeLevelsRequest(2, 1), "02000000 01000000"),
    (
        p.VoltageDescribeLevelsResponse(p.VoltageLevelsFlags.of(returned=2, remaining=1), (-1, 900_000)),
        "00000000 02000100 ffffffff a0bb0d00",
    ),
    (
        p.VoltageDescribeLevelsResponse(p.VoltageLevelsFlags.of(returned=3, format=p.LevelFormat.RANGE), (1, 9, 2)),
        "00000000 03100000 01000000 09000000 02000000",
    ),
    (p.VoltageConfigSetRequest(2, p.VOLTAGE_ON), "02000000 07000000"),
    (p.VoltageConfigSetResponse(), "00000000"),
    (p.VoltageConfigGetRequest(2), "02000000"),
    (
        p.VoltageConfigGetResponse(p.VoltageConfig.of(mode_type=p.VoltageModeType.IMPLEMENTATION, mode_id=2)),
        "00000000 0a000000",
    ),
    (p.VoltageLevelSetRequest(2, p.VoltageLevelSetFlags(0), -5), "02000000 00000000 fbffffff"),
    (p.VoltageLevelSetResponse(), "00000000"),
    (p.VoltageLevelSetComplete(2, 900_000), "00000000 02000000 a0bb0d00"),
    (p.VoltageLevelGetRequest(2), "02000000"),
    (p.VoltageLevelGetResponse(900_000), "00000000 a0bb0d00"),
    (p.VoltageDomainNameGetRequest(2), "02000000"),
    (p.VoltageDomainNameGetResponse(Reserved(0), "v"), "00" * 8 + "76" + "00" * 63),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
