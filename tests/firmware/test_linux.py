"""What Linux's arm_scmi (6.1 and 7.2) sends when it probes, in its order, is answered as it needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from xenscmi.firmware import PROFILES, Firmware, uniform_platform
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.message import Request, Response
from xenscmi.scmi.protocols import base, clock, power_domain, reset
from xenscmi.scmi.protocols.common import (
    ProtocolAttributesRequest,
    ProtocolMessageAttributesRequest,
    ProtocolVersionRequest,
)
from xenscmi.scmi.status import Status

if TYPE_CHECKING:
    from tests.firmware.conftest import Lab

LINUX, DEVICE = 2, 3
MAX_MESSAGE = 104


@pytest.fixture
def linux(make_lab: Callable[..., Lab]) -> Lab:
    lab = make_lab()
    own = {LINUX: frozenset({DEVICE})}
    agents = [replace(agent, devices=own.get(agent.agent_id, frozenset())) for agent in lab.platform.agents]
    return make_lab(platform=replace(lab.platform, agents=tuple(agents)))


def probe_base(lab: Lab) -> Iterator[object]:
    """Ask what the base protocol is asked for, and yield each answer."""

    def ask(request: Request) -> Response | int:
        return lab.ask(LINUX, ProtocolId.BASE, request)

    yield ask(ProtocolVersionRequest())
    attributes = ask(ProtocolAttributesRequest())
    yield attributes
    assert isinstance(attributes, base.BaseProtocolAttributesResponse)
    yield ask(base.BaseDiscoverVendorRequest())
    yield ask(base.BaseDiscoverSubVendorRequest())
    yield ask(base.BaseDiscoverImplementationVersionRequest())
    listed: list[int] = []
    while len(listed) < attributes.attributes.protocols:
        part = ask(base.BaseDiscoverListProtocolsRequest(len(listed)))
        yield part
        assert isinstance(part, base.BaseDiscoverListProtocolsResponse)
        listed += part.protocols
    assert listed == sorted({*listed})
    for agent in range(attributes.attributes.agents):
        yield ask(base.BaseDiscoverAgentRequest(agent))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_base_protocol_answers_everything(make_lab: Callable[..., Lab], profile: str) -> None:
    assert all(not isinstance(answer, int) for answer in probe_base(make_lab(profile)))


def test_each_protocol_says_how_much_there_is(linux: Lab) -> None:
    for number in (ProtocolId.POWER_DOMAIN, ProtocolId.CLOCK, ProtocolId.RESET):
        assert not isinstance(linux.ask(LINUX, number, ProtocolVersionRequest()), int)
        assert not isinstance(linux.ask(LINUX, number, ProtocolAttributesRequest()), int)
        assert not isinstance(linux.ask(LINUX, number, ProtocolMessageAttributesRequest(3)), int)
        assert linux.ask(LINUX, number, ProtocolMessageAttributesRequest(0x7F)) == Status.NOT_FOUND


def test_what_the_agent_owns_is_described_and_the_rest_is_denied(linux: Lab) -> None:
    for device in range(8):
        answers = [
            linux.ask(LINUX, ProtocolId.POWER_DOMAIN, power_domain.PowerDomainAttributesRequest(device)),
            linux.ask(LINUX, ProtocolId.CLOCK, clock.ClockAttributesRequest(device)),
            linux.ask(LINUX, ProtocolId.CLOCK, clock.ClockDescribeRatesRequest(device, 0)),
            linux.ask(LINUX, ProtocolId.CLOCK, clock.ClockConfigGetRequest(device, clock.ClockConfigGetFlags(0))),
            linux.ask(LINUX, ProtocolId.CLOCK, clock.ClockRateGetRequest(device)),
            linux.ask(LINUX, ProtocolId.RESET, reset.ResetDomainAttributesRequest(device)),
        ]
        if device != DEVICE:
            assert answers == [Status.DENIED] * len(answers)
            continue
        assert not any(isinstance(answer, int) for answer in answers)
        rates = answers[2]
        assert isinstance(rates, clock.ClockDescribeRatesResponse)
        assert rates.rates, "a clock without rates oopses Linux"


def test_no_answer_is_longer_than_linux_takes(linux: Lab) -> None:
    for number, server in linux.firmware.servers.items():
        for message in server.handlers:
            for length in range(0, 24, 4):
                assert len(linux.raw(LINUX, number, message, bytes(length))) <= MAX_MESSAGE


def test_clock_names_are_unique(linux: Lab) -> None:
    names = [linux.ask(1, ProtocolId.CLOCK, clock.ClockAttributesRequest(number)) for number in range(8)]
    assert len({name.clock_name for name in names if isinstance(name, clock.ClockAttributesResponse)}) == 8


def test_a_message_of_the_base_protocol_can_be_missing_by_its_full_name() -> None:
    lacking = replace(PROFILES["generic"], missing=frozenset({"BASE_PROTOCOL_ATTRIBUTES"}))
    firmware = Firmware(uniform_platform((), 1), lacking)
    for number, status in ((ProtocolId.BASE, Status.NOT_SUPPORTED), (ProtocolId.CLOCK, Status.SUCCESS)):
        answer = firmware.answer(0, Header.of(protocol_id=number, message_id=1), b"")
        assert int.from_bytes(answer[:4], "little", signed=True) == status
