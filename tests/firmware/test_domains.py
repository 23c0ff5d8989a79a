"""Clocks, resets and power domains: what the agent that owns them can do, and the statuses for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from xenscmi.firmware import Platform, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import Clock, PowerDomain, ResetDomain
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Request
from xenscmi.scmi.protocols.clock import (
    ClockAttributes,
    ClockAttributesRequest,
    ClockAttributesResponse,
    ClockConfig,
    ClockConfigGetFlags,
    ClockConfigGetRequest,
    ClockConfigGetResponse,
    ClockConfigSetRequest,
    ClockCurrentConfig,
    ClockDescribeRatesRequest,
    ClockDescribeRatesResponse,
    ClockNameGetRequest,
    ClockNameGetResponse,
    ClockParentGetRequest,
    ClockParentGetResponse,
    ClockParentSetRequest,
    ClockParentSetResponse,
    ClockPossibleParentsGetRequest,
    ClockPossibleParentsGetResponse,
    ClockRateGetRequest,
    ClockRateGetResponse,
    ClockRateSetFlags,
    ClockRateSetRequest,
    ClockRateSetResponse,
    NumParentFlags,
    NumRatesFlags,
    RateFormat,
)
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.protocols.power_domain import (
    POWER_OFF,
    POWER_ON,
    PowerDomainAttributes,
    PowerDomainAttributesRequest,
    PowerDomainAttributesResponse,
    PowerState,
    PowerStateGetRequest,
    PowerStateGetResponse,
    PowerStateSetFlags,
    PowerStateSetRequest,
    PowerStateSetResponse,
)
from xenscmi.scmi.protocols.reset import (
    ResetDomainAttributes,
    ResetDomainAttributesRequest,
    ResetDomainAttributesResponse,
    ResetFlags,
    ResetRequest,
    ResetResponse,
    ResetState,
)
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

OWNER, OTHER = 2, 3
MANY = tuple(range(1000, 41000, 1000))
LONG_NAME = "a-clock-with-a-rather-long-name"


@pytest.fixture
def domains(make_lab: Callable[..., Lab]) -> Lab:
    """Agent 2 owns a clock with 40 rates, one with a range, a reset and a power domain; nobody owns clock 2."""
    agents = (
        PlatformAgent(agent_id=1, func_id=0x8200_0003, shmem=0x47FF_1000, trusted=True),
        PlatformAgent(agent_id=OWNER, func_id=0x8200_0004, shmem=0x47FF_2000, devices=frozenset({0})),
        PlatformAgent(agent_id=OTHER, func_id=0x8200_0005, shmem=0x47FF_3000),
    )
    resources: dict[int, frozenset[int]] = {
        ProtocolId.CLOCK: frozenset({0, 1}),
        ProtocolId.RESET: frozenset({0}),
        ProtocolId.POWER_DOMAIN: frozenset({0}),
    }
    platform = Platform(
        agents=agents,
        devices=(PlatformDevice(device_id=0, resources=resources),),
        clocks=(
            Clock(name=LONG_NAME, rates=MANY, rate=1000, parents=(1, 2)),
            Clock(name="range", rates=(100, 200), step=25, rate=100, enabled=True),
            Clock(name="nobody's"),
        ),
        resets=(ResetDomain(name="reset", latency=5),),
        power_domains=(PowerDomain(name="power", on=True),),
    )
    return make_lab(platform=platform)


def test_attributes(domains: Lab) -> None:
    attributes = ClockAttributes.of(parents=True, extended_name=True)
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockAttributesRequest(0)) == ClockAttributesResponse(
        attributes, LONG_NAME[:15], 0
    )
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockNameGetRequest(0)) == ClockNameGetResponse(Reserved(0), LONG_NAME)
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockAttributesRequest(1)) == ClockAttributesResponse(
        ClockAttributes(1), "range", 0
    )
    assert domains.ask(OWNER, ProtocolId.RESET, ResetDomainAttributesRequest(0)) == ResetDomainAttributesResponse(
        ResetDomainAttributes(0), 5, "reset"
    )
    assert domains.ask(
        OWNER, ProtocolId.POWER_DOMAIN, PowerDomainAttributesRequest(0)
    ) == PowerDomainAttributesResponse(PowerDomainAttributes.of(set_synchronous=True), "power")


def test_many_rates_come_in_parts(domains: Lab) -> None:
    rates: tuple[int, ...] = ()
    while len(rates) < len(MANY):
        part = domains.ask(OWNER, ProtocolId.CLOCK, ClockDescribeRatesRequest(0, len(rates)))
        assert isinstance(part, ClockDescribeRatesResponse)
        assert len(part.encode()) <= 104
        rates += part.rates
        assert part.num_rates_flags.remaining == len(MANY) - len(rates)
    assert rates == MANY
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockDescribeRatesRequest(0, 40)) == Status.OUT_OF_RANGE
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockDescribeRatesRequest(1, 0)) == ClockDescribeRatesResponse(
        NumRatesFlags.of(format=RateFormat.RANGE, returned=3), (100, 200, 25)
    )


@pytest.mark.parametrize(
    ("clock", "wanted", "flags", "rate"),
    [
        (0, 2500, 0, 2000),
        (0, 2500, ClockRateSetFlags.of(round_up=True), 3000),
        (0, 2500, ClockRateSetFlags.of(round_auto=True), 2000),
        (0, 1900, ClockRateSetFlags.of(round_auto=True), 2000),
        (0, 1400, ClockRateSetFlags.of(round_auto=True, round_up=True), 1000),
        (1, 140, ClockRateSetFlags.of(round_auto=True), 150),
        (0, 40000, 0, 40000),
        (1, 149, 0, 125),
        (1, 126, ClockRateSetFlags.of(round_up=True), 150),
        (1, 200, ClockRateSetFlags.of(round_up=True), 200),
    ],
)
def test_a_rate_is_rounded_as_asked(domains: Lab, clock: int, wanted: int, flags: int, rate: int) -> None:
    set_rate = ClockRateSetRequest(ClockRateSetFlags(flags), clock, wanted)
    assert domains.ask(OWNER, ProtocolId.CLOCK, set_rate) == ClockRateSetResponse()
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockRateGetRequest(clock)) == ClockRateGetResponse(rate)


def test_clocks_have_parents_and_run_or_not(domains: Lab) -> None:
    assert domains.ask(
        OWNER, ProtocolId.CLOCK, ClockPossibleParentsGetRequest(0, 1)
    ) == ClockPossibleParentsGetResponse(NumParentFlags.of(returned=1), (2,))
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockParentSetRequest(0, 2)) == ClockParentSetResponse()
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockParentGetRequest(0)) == ClockParentGetResponse(2)
    assert domains.ask(OWNER, ProtocolId.CLOCK, ClockParentGetRequest(1)) == Status.NOT_SUPPORTED
    for state, enabled in ((1, True), (3, True), (0, False), (3, False)):
        domains.ask(OWNER, ProtocolId.CLOCK, ClockConfigSetRequest(0, ClockConfig.of(state=state), 0))
        found = domains.ask(OWNER, ProtocolId.CLOCK, ClockConfigGetRequest(0, ClockConfigGetFlags(0)))
        assert found == ClockConfigGetResponse(Reserved(0), ClockCurrentConfig.of(enabled=enabled), 0)


def test_power_domains_go_on_and_off(domains: Lab) -> None:
    for state in (POWER_OFF, POWER_ON):
        request = PowerStateSetRequest(PowerStateSetFlags(0), 0, state)
        assert domains.ask(OWNER, ProtocolId.POWER_DOMAIN, request) == PowerStateSetResponse()
        assert domains.ask(OWNER, ProtocolId.POWER_DOMAIN, PowerStateGetRequest(0)) == PowerStateGetResponse(state)


def test_a_reset_is_held_and_released(domains: Lab) -> None:
    server = domains.firmware.servers[ProtocolId.RESET]
    for flags, held in ((ResetFlags.of(assert_reset=True), True), (ResetFlags(0), False), (ResetFlags(1), False)):
        assert domains.ask(OWNER, ProtocolId.RESET, ResetRequest(0, flags, ResetState(0))) == ResetResponse()
        assert vars(server)["asserted"] == {0: held}


REFUSED = [
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(0), 0, 999), Status.INVALID_PARAMETERS),
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(0), 0, 1 << 63), Status.INVALID_PARAMETERS),
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(1), 0, 2000), Status.NOT_SUPPORTED),
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(16), 0, 2000), Status.INVALID_PARAMETERS),
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(0), 3, 2000), Status.NOT_FOUND),
    (ProtocolId.CLOCK, ClockRateSetRequest(ClockRateSetFlags(0), 2, 24_000_000), Status.DENIED),
    (ProtocolId.CLOCK, ClockConfigSetRequest(0, ClockConfig.of(state=2), 0), Status.INVALID_PARAMETERS),
    (
        ProtocolId.CLOCK,
        ClockConfigSetRequest(0, ClockConfig.of(state=1, extended_config_type=1), 0),
        Status.INVALID_PARAMETERS,
    ),
    (ProtocolId.CLOCK, ClockParentSetRequest(0, 0), Status.INVALID_PARAMETERS),
    (
        ProtocolId.RESET,
        ResetRequest(0, ResetFlags.of(asynchronous=True, autonomous=True), ResetState(0)),
        Status.NOT_SUPPORTED,
    ),
    (ProtocolId.RESET, ResetRequest(0, ResetFlags.of(asynchronous=True), ResetState(0)), Status.INVALID_PARAMETERS),
    (ProtocolId.CLOCK, ClockConfigSetRequest(0, ClockConfig.of(state=3), 0), Status.INVALID_PARAMETERS),
    (ProtocolId.CLOCK, ClockParentSetRequest(0, 70000), Status.NOT_FOUND),
    (ProtocolId.RESET, ResetRequest(0, ResetFlags(2), ResetState(1)), Status.INVALID_PARAMETERS),
    (ProtocolId.RESET, ResetRequest(0xFFFF_FFFF, ResetFlags(2), ResetState(0)), Status.NOT_FOUND),
    (ProtocolId.POWER_DOMAIN, PowerStateSetRequest(PowerStateSetFlags(0), 0, PowerState(5)), Status.INVALID_PARAMETERS),
    (ProtocolId.POWER_DOMAIN, PowerStateSetRequest(PowerStateSetFlags(1), 0, POWER_OFF), Status.NOT_SUPPORTED),
]


@pytest.mark.parametrize(("protocol", "request_", "status"), REFUSED)
def test_a_refused_message_changes_nothing(domains: Lab, protocol: int, request_: Request, status: Status) -> None:
    before = domains.state()
    assert domains.ask(OWNER, protocol, request_) == status
    assert domains.ask(OTHER, protocol, request_) in (Status.DENIED, Status.NOT_FOUND)
    assert domains.state() == before


def test_a_wrong_size_is_a_protocol_error(domains: Lab) -> None:
    protocol_error = Status.PROTOCOL_ERROR.to_bytes(4, "little", signed=True)
    for number, server in domains.firmware.servers.items():
        notifying = {row.id for row in server.protocol.commands if "_NOTIFY" in row.name}
        for message in server.handlers.keys() - notifying:
            for agent in (1, OWNER, OTHER):
                assert domains.raw(agent, number, message, bytes(33)) == protocol_error
