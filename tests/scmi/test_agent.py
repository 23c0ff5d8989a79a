"""The agent's side, against platforms that answer well, badly or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xenscmi.scmi import shmem
from xenscmi.scmi.agent import Agent
from xenscmi.scmi.codec import PayloadError
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Command, Refusal, Response
from xenscmi.scmi.protocols import base, clock, command, pin_control
from xenscmi.scmi.protocols.common import (
    NegotiateProtocolVersionRequest,
    NegotiateProtocolVersionResponse,
    ProtocolVersionRequest,
    ProtocolVersionResponse,
    Version,
)
from xenscmi.scmi.shmem import ChannelError, Posted
from xenscmi.scmi.status import Status


def row(protocol_id: int, message_id: int) -> Command:
    found = command(protocol_id, message_id)
    assert found is not None
    return found


RATE_GET = row(0x14, 0x6)
DESCRIBE_RATES = row(0x14, 0x4)


def answering(*answers: Response | Refusal) -> Callable[[Posted], Posted]:
    """A platform that gives these answers, one after the other, and asserts that no more are wanted."""
    left = list(answers)
    return lambda posted: Posted(posted.header, left.pop(0).encode())


def test_a_message_through_shared_memory() -> None:
    area = bytearray(128)
    shmem.reset(area)

    def exchange(posted: Posted) -> Posted:
        shmem.post(area, posted.header, posted.payload)
        taken = shmem.take(area, 92)
        assert taken == posted
        shmem.reply(area, taken.header, clock.ClockRateGetResponse(7).encode())
        return shmem.collect(area)

    assert Agent().call(exchange, RATE_GET, clock.ClockRateGetRequest(3)) == clock.ClockRateGetResponse(7)


def test_tokens_rise_and_wrap() -> None:
    agent = Agent()
    tokens = [agent.request(RATE_GET, clock.ClockRateGetRequest(0)).header.token for _ in range(1026)]
    assert tokens == [*range(1024), 0, 1]


@pytest.mark.parametrize("change", [{"token": 1}, {"message_id": 5}, {"protocol_id": 0x13}, {"message_type": 2}])
def test_an_answer_must_carry_the_header_of_its_request(change: dict[str, int]) -> None:
    agent = Agent()
    header = agent.request(RATE_GET, clock.ClockRateGetRequest(3)).header
    with pytest.raises(ChannelError, match="the request's was 0x00005006"):
        agent.answer(Posted(header.replace(**change), clock.ClockRateGetResponse(7).encode()))
    assert agent.answer(Posted(header, clock.ClockRateGetResponse(7).encode())) == clock.ClockRateGetResponse(7)


def test_an_answer_comes_once() -> None:
    agent = Agent()
    with pytest.raises(ChannelError, match="no request"):
        agent.answer(Posted(Header(0), b""))
    header = agent.request(RATE_GET, clock.ClockRateGetRequest(3)).header
    assert agent.answer(Posted(header, Refusal(Status.DENIED).encode())) == Refusal(Status.DENIED)
    with pytest.raises(ChannelError, match="no request"):
        agent.answer(Posted(header, b""))


def test_an_answer_that_is_none() -> None:
    with pytest.raises(PayloadError, match="8 bytes expected, 4 given"):
        Agent().call(lambda posted: Posted(posted.header, bytes(8)), RATE_GET, clock.ClockRateGetRequest(3))


def test_the_limit() -> None:
    settings = tuple(pin_control.PinConfig(pin_control.ConfigType(1), 0) for _ in range(11))
    attributes = pin_control.SettingsConfigureAttributes.of(num_configs=11)
    request = pin_control.PinctrlSettingsConfigureRequest(1, 0, attributes, settings)
    assert Agent(limit=100).request(row(0x19, 0x6), request).payload
    with pytest.raises(ChannelError, match="100 bytes of payload, the limit is 92"):
        Agent(limit=92).request(row(0x19, 0x6), request)


def test_versions_are_learned_and_decide_on_layouts() -> None:
    agent = Agent()
    newest = agent.command(0x14, 0x7)
    assert newest is not None
    assert newest.request is clock.ClockConfigSetRequest
    agent.call(answering(ProtocolVersionResponse(Version(0x20000))), row(0x14, 0x0), ProtocolVersionRequest())
    older = agent.command(0x14, 0x7)
    assert older is not None
    assert older.request is clock.ClockConfigSetRequestV1
    agent.call(answering(ProtocolVersionResponse(Version(0x90000))), row(0x14, 0x0), ProtocolVersionRequest())
    assert agent.versions == {0x14: 0x30000}
    request = NegotiateProtocolVersionRequest(Version(0x20000))
    agent.call(answering(Refusal(Status.NOT_SUPPORTED)), row(0x14, 0x10), request)
    assert agent.versions == {0x14: 0x30000}
    agent.call(answering(NegotiateProtocolVersionResponse()), row(0x14, 0x10), request)
    assert agent.versions == {0x14: 0x20000}


def rates(first: int, count: int, remaining: int) -> clock.ClockDescribeRatesResponse:
    flags = clock.NumRatesFlags.of(returned=count, remaining=remaining)
    return clock.ClockDescribeRatesResponse(flags, tuple(range(first, first + count)))


@pytest.mark.parametrize(
    "answers",
    [
        [rates(0, 3, 0)],
        [rates(0, 5, 3), rates(5, 3, 0)],
        [rates(0, 1, 2), rates(1, 1, 1), rates(2, 1, 0)],
        [rates(0, 0, 0)],
        [rates(0, 2, 5), rates(0, 0, 5)],
        [rates(0, 2, 5), Refusal(Status.BUSY)],
    ],
)
def test_parts(answers: list[Response | Refusal]) -> None:
    """The agent goes on from where it is, and stops at the end, at a refusal, and where nothing comes."""
    skipped = []

    def exchange(posted: Posted) -> Posted:
        skipped.append(clock.ClockDescribeRatesRequest.decode(posted.payload).rate_index)
        return platform(posted)

    platform = answering(*answers)
    assert list(Agent().parts(exchange, DESCRIBE_RATES, clock.ClockDescribeRatesRequest(3, 0))) == answers
    counts = [len(part.rates) for part in answers if isinstance(part, clock.ClockDescribeRatesResponse)]
    assert skipped == [sum(counts[:index]) for index in range(len(answers))]


def test_protocols_are_asked_for_until_none_comes() -> None:
    answers = [
        base.BaseDiscoverListProtocolsResponse(2, (0x11, 0x14)),
        base.BaseDiscoverListProtocolsResponse(1, (0x16,)),
        base.BaseDiscoverListProtocolsResponse(0, ()),
    ]
    got = Agent().parts(answering(*answers), row(0x10, 0x6), base.BaseDiscoverListProtocolsRequest(0))
    assert list(got) == answers


def test_a_platform_without_end_is_asked_no_further() -> None:
    answer = rates(0, 4095, 9)
    parts = Agent().parts(lambda posted: Posted(posted.header, answer.encode()), DESCRIBE_RATES, _from_start())
    assert len(list(parts)) == 17


def _from_start() -> clock.ClockDescribeRatesRequest:
    return clock.ClockDescribeRatesRequest(3, 0)


def test_the_number_to_skip_may_stand_in_a_word() -> None:
    attributes = pin_control.SettingsGetAttributes.of(config_flag=pin_control.ConfigFlag.ALL_TYPES)
    setting = (pin_control.PinConfig(pin_control.ConfigType(1), 2),)
    skipped = []

    def exchange(posted: Posted) -> Posted:
        request = pin_control.PinctrlSettingsGetRequest.decode(posted.payload)
        skipped.append(request.attributes.skip_configs)
        assert request.attributes.config_flag == pin_control.ConfigFlag.ALL_TYPES
        left = pin_control.NumConfigs.of(returned=1, remaining=2 - len(skipped))
        return Posted(posted.header, pin_control.PinctrlSettingsGetResponse(0, left, setting).encode())

    request = pin_control.PinctrlSettingsGetRequest(5, attributes)
    assert len(list(Agent().parts(exchange, row(0x19, 0x5), request))) == 2
    assert skipped == [0, 1]


def test_an_answer_in_one_part_is_asked_for_once() -> None:
    platform = answering(clock.ClockRateGetResponse(7))
    assert len(list(Agent().parts(platform, RATE_GET, clock.ClockRateGetRequest(3)))) == 1
