"""The performance protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import performance as p
from xenscmi.scmi.protocols.common import DoorbellWidth, FastchannelAttributes, NotifyEnable, RateLimit, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.PerformanceProtocolAttributesResponse(
            p.PerformanceProtocolAttributes.of(domains=2, power_unit=p.PowerUnit.MICROWATT), 0x1_2000_0000, 0x40
        ),
        "00000000 02000200 00000020 01000000 40000000",
    ),
    (p.PerformanceDomainAttributesRequest(1), "01000000"),
    (
        p.PerformanceDomainAttributesResponse(
            p.PerformanceDomainAttributes.of(can_set_level=True, level_indexing=True),
            RateLimit.of(microseconds=1000),
            1_500_000,
            15,
            "big",
        ),
        "00000000 00000042 e8030000 60e31600 0f000000 62696700 00000000 00000000 00000000",
    ),
    (p.PerformanceDescribeLevelsRequest(1, 3), "01000000 03000000"),
    (
        p.PerformanceDescribeLevelsResponse(
            p.NumLevels.of(returned=1, remaining=2),
            (p.PerformanceLevel(15, 300, p.LevelAttributes.of(transition_latency=50), 1_500_000, 4),),
        ),
        "00000000 01000200 0f000000 2c010000 32000000 60e31600 04000000",
    ),
    (p.PerformanceDescribeLevelsResponse(p.NumLevels(0), ()), "00000000 00000000"),
    (
        p.PerformanceDescribeLevelsResponseV1(
            p.NumLevels.of(returned=2),
            (p.PerformanceLevelV1(5, 100, p.LevelAttributes(0)), p.PerformanceLevelV1(15, 300, p.LevelAttributes(50))),
        ),
        "00000000 02000000 05000000 64000000 00000000 0f000000 2c010000 32000000",
    ),
    (p.PerformanceLimitsSetRequest(1, 15, 5), "01000000 0f000000 05000000"),
    (p.PerformanceLimitsSetResponse(), "00000000"),
    (p.PerformanceLimitsGetRequest(1), "01000000"),
    (p.PerformanceLimitsGetResponse(15, 5), "00000000 0f000000 05000000"),
    (p.PerformanceLevelSetRequest(1, 15), "01000000 0f000000"),
    (p.PerformanceLevelSetResponse(), "00000000"),
    (p.PerformanceLevelGetRequest(1), "01000000"),
    (p.PerformanceLevelGetResponse(15), "00000000 0f000000"),
    (p.PerformanceNotifyLimitsRequest(1, NotifyEnable(1)), "01000000 01000000"),
    (p.PerformanceNotifyLimitsResponse(), "00000000"),
    (p.PerformanceNotifyLevelRequest(1, NotifyEnable(1)), "01000000 01000000"),
    (p.PerformanceNotifyLevelResponse(), "00000000"),
    (p.PerformanceDescribeFastchannelRequest(1, 7), "01000000 07000000"),
    (
        p.PerformanceDescribeFastchannelResponse(
            FastchannelAttributes.of(doorbell=True, doorbell_width=DoorbellWidth.BITS_32),
            RateLimit(9),
            0x1_0000_0000,
            4,
            0x2_0000_0000,
            1,
            0xFFFF_FFFF_FFFF_FFFE,
        ),
        "00000000 05000000 09000000 00000000 01000000 04000000 00000000 02000000 01000000 00000000 feffffff ffffffff",
    ),
    (p.PerformanceDomainNameGetRequest(1), "01000000"),
    (
        p.PerformanceDomainNameGetResponse(Reserved(0), "big-cluster-cores"),
        "00" * 8 + "6269672d636c75737465722d636f726573" + "00" * 47,
    ),
    (p.PerformanceLimitsChanged(2, 1, 15, 5), "02000000 01000000 0f000000 05000000"),
    (p.PerformanceLevelChanged(2, 1, 15), "02000000 01000000 0f000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
