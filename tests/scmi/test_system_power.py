"""The system power protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import system_power as p
from xenscmi.scmi.protocols.common import NotifyEnable, Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (p.SystemPowerProtocolAttributesResponse(Reserved(0)), "00000000 00000000"),
    (
        p.SystemPowerProtocolMessageAttributesResponse(p.SystemPowerMessageAttributes.of(warm_reset=True)),
        "00000000 00000080",
    ),
    (
        p.SystemPowerStateSetRequest(p.SystemPowerFlags.of(graceful=True), p.SystemState.WARM_RESET),
        "01000000 02000000",
    ),
    (p.SystemPowerStateSetResponse(), "00000000"),
    (p.SystemPowerStateGetRequest(), ""),
    (p.SystemPowerStateGetResponse(p.SystemState.POWER_UP), "00000000 03000000"),
    (p.SystemPowerStateNotifyRequest(NotifyEnable(1)), "01000000"),
    (p.SystemPowerStateNotifyResponse(), "00000000"),
    (p.SystemPowerStateNotifier(1, p.SystemPowerFlags(0), 0x80000001, 500), "01000000 00000000 01000080 f4010000"),
    (p.SystemPowerStateNotifierV1(1, p.SystemPowerFlags(1), 0), "01000000 01000000 00000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
