"""The power capping protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import power_capping as p
from xenscmi.scmi.protocols import power_capping_parts as parts
from xenscmi.scmi.protocols import power_capping_v3 as v3
from xenscmi.scmi.protocols.common import FastchannelAttributes, NotifyEnable, RateLimit, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (p.PowercapProtocolAttributesResponse(p.PowercapProtocolAttributes.of(domains=2)), "00000000 02000000"),
    (p.PowercapDomainAttributesRequest(1), "01000000"),
    (
        p.PowercapDomainAttributesResponse(
            p.PowercapDomainAttributes.of(cap_configuration=True, power_unit=parts.PowercapUnit.MILLIWATT),
            "soc",
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            p.NO_PARENT,
        ),
        "00000000 00000009 736f6300 00000000 00000000 00000000 01000000 02000000 03000000 04000000 05000000 06000000"
        "07000000 08000000 ffffffff",
    ),
    (p.PowercapCapGetRequest(1), "01000000"),
    (p.PowercapCapGetResponse(700), "00000000 bc020000"),
    (p.PowercapCapSetRequest(1, parts.PowercapCapSetFlags.of(asynchronous=True), 700), "01000000 02000000 bc020000"),
    (p.PowercapCapSetResponse(), "00000000"),
    (p.PowercapCapSetComplete(1, 700), "00000000 01000000 bc020000"),
    (p.PowercapPaiGetRequest(1), "01000000"),
    (p.PowercapPaiGetResponse(9), "00000000 09000000"),
    (p.PowercapPaiSetRequest(1, Reserved(0), 9), "01000000 00000000 09000000"),
    (p.PowercapPaiSetResponse(), "00000000"),
    (p.PowercapDomainNameGetRequest(1), "01000000"),
    (p.PowercapDomainNameGetResponse(Reserved(0), "s"), "00" * 8 + "73" + "00" * 63),
    (p.PowercapMeasurementsGetRequest(1), "01000000"),
    (p.PowercapMeasurementsGetResponse(650, 9), "00000000 8a020000 09000000"),
    (p.PowercapCapNotifyRequest(1, NotifyEnable(1)), "01000000 01000000"),
    (p.PowercapCapNotifyResponse(), "00000000"),
    (p.PowercapMeasurementsNotifyRequest(1, NotifyEnable(1), 3, 4), "01000000 01000000 03000000 04000000"),
    (p.PowercapMeasurementsNotifyResponse(), "00000000"),
    (p.PowercapDescribeFastchannelRequest(1, 5), "01000000 05000000"),
    (
        p.PowercapDescribeFastchannelResponse(FastchannelAttributes(0), RateLimit(0), 1, 4, 0, 0, 0),
        "00000000 00000000 00000000 01000000 00000000 04000000" + "00000000" * 6,
    ),
    (p.PowercapCapChanged(2, 1, 700, 9), "02000000 01000000 bc020000 09000000"),
    (p.PowercapMeasurementsChanged(2, 1, 650), "02000000 01000000 8a020000"),
    (
        v3.PowercapDomainAttributesResponseV3(
            v3.PowercapDomainAttributesV3.of(cai_configuration=True, cpls=2),
            "soc",
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
        ),
        "00000000 00001100 736f6300 00000000 00000000 00000000 01000000 02000000 03000000 04000000 05000000 06000000 "
        "07000000 08000000 09000000 0a000000 0b000000 0c000000",
    ),
    (v3.PowercapCapGetRequestV3(1, 2), "01000000 02000000"),
    (v3.PowercapCapSetRequestV3(1, 2, parts.PowercapCapSetFlags(1), 700), "01000000 02000000 01000000 bc020000"),
    (v3.PowercapCapSetCompleteV3(1, 700, 2), "00000000 01000000 bc020000 02000000"),
    (v3.PowercapMaiGetRequest(1), "01000000"),
    (v3.PowercapMaiGetResponse(1000), "00000000 e8030000"),
    (v3.PowercapMaiSetRequest(1, Reserved(0), 1000), "01000000 00000000 e8030000"),
    (v3.PowercapMaiSetResponse(), "00000000"),
    (v3.PowercapDescribeFastchannelRequestV3(1, 5, 2), "01000000 05000000 02000000"),
    (v3.PowercapCpcAttributesRequest(1, 0), "01000000 00000000"),
    (
        v3.PowercapCpcAttributesResponse(
            v3.NumCpls.of(returned=1, remaining=3), (v3.CplDescriptor(1, v3.CplFlags(1), 2, 3, 4, 5, 6, 7, "cpl"),)
        ),
        "00000000 01000300 01000000 01000000 02000000 03000000 04000000 05000000 06000000 07000000 63706c00 00000000 "
        "00000000 00000000",
    ),
    (v3.PowercapCaiGetRequest(1, 2), "01000000 02000000"),
    (v3.PowercapCaiGetResponse(1000), "00000000 e8030000"),
    (v3.PowercapCaiSetRequest(1, Reserved(0), 1000, 2), "01000000 00000000 e8030000 02000000"),
    (v3.PowercapCaiSetResponse(), "00000000"),
    (v3.PowercapCapChangedV3(1, 2, 700, 1000, 3), "01000000 02000000 bc020000 e8030000 03000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
