"""The reset protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import reset as p
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (p.ResetProtocolAttributesResponse(p.ResetProtocolAttributes.of(domains=5)), "00000000 05000000"),
    (p.ResetDomainAttributesRequest(4), "04000000"),
    (
        p.ResetDomainAttributesResponse(p.ResetDomainAttributes.of(asynchronous=True), p.LATENCY_UNKNOWN, "usb"),
        "00000000 00000080 ffffffff 75736200 00000000 00000000 00000000",
    ),
    (
        p.ResetRequest(
            4, p.ResetFlags.of(autonomous=True), p.ResetState.of(type=p.ResetStateType.IMPLEMENTATION, id=1)
        ),
        "04000000 01000000 01000080",
    ),
    (p.ResetRequest(4, p.ResetFlags.of(assert_reset=True), p.ResetState(0)), "04000000 02000000 00000000"),
    (p.ResetResponse(), "00000000"),
    (p.ResetComplete(4), "00000000 04000000"),
    (p.ResetNotifyRequest(4, NotifyEnable(1)), "04000000 01000000"),
    (p.ResetNotifyResponse(), "00000000"),
    (p.ResetDomainNameGetRequest(4), "04000000"),
    (
        p.ResetDomainNameGetResponse(Reserved(0), "usb-controller-0"),
        "00" * 8 + "7573622d636f6e74726f6c6c65722d30" + "00" * 48,
    ),
    (p.ResetIssued(1, 4, p.ResetState(0)), "01000000 04000000 00000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
