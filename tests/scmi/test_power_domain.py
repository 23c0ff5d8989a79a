"""The power domain protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import power_domain as p
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.PowerProtocolAttributesResponse(p.PowerProtocolAttributes.of(domains=9), 0x1_2000_0000, 0x40),
        "00000000 09000000 00000020 01000000 40000000",
    ),
    (p.PowerDomainAttributesRequest(3), "03000000"),
    (
        p.PowerDomainAttributesResponse(p.PowerDomainAttributes.of(set_synchronous=True, extended_name=True), "gpu"),
        "00000000 00000028 67707500 00000000 00000000 00000000",
    ),
    (p.PowerStateSetRequest(p.PowerStateSetFlags(0), 3, p.POWER_OFF), "00000000 03000000 00000040"),
    (p.PowerStateSetResponse(), "00000000"),
    (p.PowerStateSetComplete(3, p.POWER_ON), "00000000 03000000 00000000"),
    (p.PowerStateGetRequest(3), "03000000"),
    (p.PowerStateGetResponse(p.PowerState.of(type=p.ContextLoss.LOST, id=2)), "00000000 02000040"),
    (p.PowerStateNotifyRequest(3, NotifyEnable(1)), "03000000 01000000"),
    (p.PowerStateNotifyResponse(), "00000000"),
    (p.PowerStateChangeRequestedNotifyRequest(3, NotifyEnable(1)), "03000000 01000000"),
    (p.PowerStateChangeRequestedNotifyResponse(), "00000000"),
    (p.PowerDomainNameGetRequest(3), "03000000"),
    (p.PowerDomainNameGetResponse(Reserved(0), ""), "00" * 72),
    (p.PowerStateChanged(1, 3, p.POWER_ON), "01000000 03000000 00000000"),
    (p.PowerStateChangeRequested(1, 3, p.POWER_OFF), "01000000 03000000 00000040"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
