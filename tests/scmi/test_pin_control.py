"""The pin control protocol's messages, read both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import pin_control as p
from xenscmi.scmi.protocols.common import Reserved

EXAMPLES: list[tuple[Structure, str]] = [
    (
        p.PinctrlProtocolAttributesResponse(
            p.PinctrlProtocolAttributesLow.of(pins=5, groups=2), p.PinctrlProtocolAttributesHigh.of(functions=3)
        ),
        "00000000 05000200 03000000",
    ),
    (p.PinctrlAttributesRequest(4, p.SelectorFlags.of(selector=p.Selector.GROUP)), "04000000 01000000"),
    (
        p.PinctrlAttributesResponse(p.PinctrlAttributes.of(elements=2, gpio_function=True), "uart"),
        "00000000 02000200 75617274 00000000 00000000 00000000",
    ),
    (
        p.PinctrlListAssociationsRequest(4, p.SelectorFlags.of(selector=p.Selector.FUNCTION), 1),
        "04000000 02000000 01000000",
    ),
    (
        p.PinctrlListAssociationsResponse(p.AssociationsFlags.of(returned=3, remaining=1), (1, 2, 0xFFFF)),
        "00000000 03000100 01000200 ffff",
    ),
    (
        p.PinctrlSettingsGetRequest(
            4, p.SettingsGetAttributes.of(config_flag=p.ConfigFlag.ALL_TYPES, selector=1, skip_configs=2)
        ),
        "04000000 00020500",
    ),
    (
        p.PinctrlSettingsGetResponse(
            p.NO_FUNCTION, p.NumConfigs.of(returned=1, remaining=3), (p.PinConfig(p.ConfigType(192), 7),)
        ),
        "00000000 ffffffff 01000003 c0000000 07000000",
    ),
    (
        p.PinctrlSettingsConfigureRequest(
            4,
            2,
            p.SettingsConfigureAttributes.of(function_valid=True, num_configs=2, selector=1),
            (p.PinConfig(p.ConfigType(1), 0), p.PinConfig(p.ConfigType(9), 8)),
        ),
        "04000000 02000000 09040000 01000000 00000000 09000000 08000000",
    ),
    (p.PinctrlSettingsConfigureResponse(), "00000000"),
    (p.PinctrlRequestRequest(4, p.SelectorFlags(0)), "04000000 00000000"),
    (p.PinctrlRequestResponse(), "00000000"),
    (p.PinctrlReleaseRequest(4, p.SelectorFlags(1)), "04000000 01000000"),
    (p.PinctrlReleaseResponse(), "00000000"),
    (p.PinctrlNameGetRequest(4, p.SelectorFlags(2)), "04000000 02000000"),
    (p.PinctrlNameGetResponse(Reserved(0), "u"), "00" * 8 + "75" + "00" * 63),
    (p.PinctrlSetPermissionsRequest(2, 4, p.PinPermissionFlags.of(allow=True)), "02000000 04000000 04000000"),
    (p.PinctrlSetPermissionsResponse(), "00000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_both_ways(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(p.PROTOCOL, EXAMPLES)
