"""Tests of what a platform sends unasked: delayed responses, and notifications of what others do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from xenscmi.conformance.case import Case, Cases
from xenscmi.conformance.clock import CLOCKS
from xenscmi.conformance.performance import DOMAINS as PERFORMANCE_DOMAINS
from xenscmi.conformance.power_capping import DOMAINS as POWER_CAPPING_DOMAINS
from xenscmi.conformance.power_domain import DOMAINS as POWER_DOMAINS
from xenscmi.conformance.reset import DOMAINS as RESET_DOMAINS
from xenscmi.conformance.resources import AskNotifications, Resources
from xenscmi.conformance.tester import Tester
from xenscmi.conformance.verdict import Unsupported
from xenscmi.conformance.voltage import DOMAINS as VOLTAGE_DOMAINS
from xenscmi.scmi.header import MessageType
from xenscmi.scmi.message import Protocol, Refusal, Request
from xenscmi.scmi.protocols import clock, performance, power_capping, power_domain, reset, voltage
from xenscmi.scmi.protocols.common import NotifyEnable
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags
from xenscmi.scmi.shmem import Posted
from xenscmi.scmi.status import Status

ON, OFF = NotifyEnable.of(enable=True), NotifyEnable(0)
Requests = Callable[[Tester, int], Iterator[Request]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A notification: what asks for it and which attribute promises it, and requests that cause it.

    `changes` yields requests for one resource, each of which makes another state; the last is the one that there was.
    `about` is the field that names the resource.
    """

    protocol: Protocol
    resources: Resources
    command: str
    ask: AskNotifications
    promise: str
    message_id: int
    changes: Requests
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delayed:
    """A command that can be asked for asynchronously: what promises it, and a request that changes nothing."""

    protocol: Protocol
    resources: Resources
    command: str
    promise: str
    request: Callable[[Tester, int], Request]
    about: str


def all_cases() -> list[Case]:
    """Return the tests, protocol by protocol."""
    found: list[Case] = []
    for notified in _NOTIFIED:
        cases = Cases(notified.protocol)
        name = notified.command.partition("_")[2].lower()
        for test, title in (
            (_arrives, "reaches an agent that has asked for it, and says who caused it and what it is about"),
            (_not_unasked, "does not reach an agent that has not asked for it"),
            (_not_after_off, "does not reach an agent that no longer wants it"),
        ):
            cases.add(
                f"{name}{test.__name__}",
                f"What {notified.command} is for {title}.",
                notified.command,
                partial(test, row=notified),
                changes=True,
            )
        found += cases.all
    for delayed in _DELAYED:
        cases = Cases(delayed.protocol)
        cases.add(
            f"{delayed.command.partition('_')[2].lower() or delayed.command.lower()}_is_answered_later",
            f"{delayed.command} that is asked for asynchronously is answered twice, with one token.",
            delayed.command,
            partial(_answered_later, row=delayed),
            changes=True,
        )
        found += cases.all
    return found


def _promised(t: Tester, resources: Resources, promise: str) -> list[int]:
    found = [n for n in resources.usable(t) if getattr(_attributes(t, resources, n), promise)]
    t.need(found, f"no {resources.noun} promises it")
    return found


def _attributes(t: Tester, resources: Resources, number: int) -> Any:
    answer: Any = t.get(resources.attributes(number))
    return answer.attributes


def _another(t: Tester, row: Notified, number: int) -> tuple[Tester, list[Request]]:
    """Return another agent that may change a resource, and the requests with which it does; the last puts it back."""
    for other in t.others():
        if isinstance(other.ask(row.resources.attributes(number)), Refusal):
            continue
        requests = list(row.changes(other, number))
        if requests and other.permits(requests[-1]):
            other.undo(requests[-1])
            return other, requests
    raise Unsupported(f"no other agent may change {row.resources.noun} {number}")


def _arrives(t: Tester, row: Notified) -> None:
    number = _promised(t, row.resources, row.promise)[0]
    other, requests = _another(t, row, number)
    t.received()
    t.undo(row.ask(number, OFF))
    t.get(row.ask(number, ON))
    for request in requests:
        other.get(request)
    found = _notifications(t, row)
    t.check(found, f"{other.channel.name} changed {row.resources.noun} {number}, and nothing came")
    for each in found:
        t.check(each.agent_id != 0, "it does not say which agent caused it")
        t.check(getattr(each, row.about) == number, f"it is about {row.resources.noun} {getattr(each, row.about)}")


def _not_unasked(t: Tester, row: Notified) -> None:
    number = _promised(t, row.resources, row.promise)[0]
    t.get(row.ask(number, OFF))
    _nothing_comes(t, row, number)


def _not_after_off(t: Tester, row: Notified) -> None:
    number = _promised(t, row.resources, row.promise)[0]
    t.get(row.ask(number, ON))
    t.get(row.ask(number, OFF))
    _nothing_comes(t, row, number)


def _nothing_comes(t: Tester, row: Notified, number: int) -> None:
    other, requests = _another(t, row, number)
    t.received()
    for request in requests:
        other.get(request)
    found = _notifications(t, row)
    t.check(not found, f"{len(found)} notifications came")


def _notifications(t: Tester, row: Notified) -> list[Any]:
    """Return the notifications of a kind that have come, decoded."""
    known = next(each for each in t.protocol.notifications if each.id == row.message_id and each.exists_in(t.version))
    found = []
    for header, payload in t.received():
        of_kind = header.protocol_id == t.protocol.id and header.message_id == row.message_id
        if of_kind and header.message_type == MessageType.NOTIFICATION:
            found.append(known.message.decode(payload))
    return found


def _answered_later(t: Tester, row: Delayed) -> None:
    number = _promised(t, row.resources, row.promise)[0]
    request = t.fitted(row.request(t, number))
    command = t.command_of(request)
    t.received()
    sent = t.channel.agent.request(command, request)
    answer = t.channel.exchange(sent)
    t.check(answer.payload == bytes(4), f"the first answer is {answer.payload.hex()}, must be SUCCESS alone")
    later = [each for each in t.received() if _answers(each, sent)]
    t.check(len(later) == 1, f"{len(later)} delayed responses came with the request's token")
    assert command.delayed is not None
    t.check(later[0].payload[:4] == Status.SUCCESS.to_bytes(4, "little"), "the delayed response is a refusal")
    found = getattr(command.delayed.decode(later[0].payload), row.about)
    t.check(found == number, f"the delayed response is about {row.resources.noun} {found}, must be {number}")


def _answers(posted: Posted, sent: Posted) -> bool:
    same = posted.header.token == sent.header.token and posted.header.message_id == sent.header.message_id
    return same and posted.header.message_type == MessageType.DELAYED_RESPONSE


def _rates(t: Tester, number: int) -> Iterator[Request]:
    now = t.get(clock.ClockRateGetRequest(number), clock.ClockRateGetResponse).rate
    described = t.get(clock.ClockDescribeRatesRequest(number, 0), clock.ClockDescribeRatesResponse).rates
    for rate in [*[each for each in described[:2] if each != now][:1], now]:
        yield clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), number, rate)


def _power_states(t: Tester, number: int) -> Iterator[Request]:
    now = t.get(power_domain.PowerStateGetRequest(number), power_domain.PowerStateGetResponse).power_state
    flags = power_domain.PowerStateSetFlags(0)
    other = power_domain.POWER_OFF if now == power_domain.POWER_ON else power_domain.POWER_ON
    for state in (other, now):
        yield power_domain.PowerStateSetRequest(flags, number, state)


def _resets(t: Tester, number: int) -> Iterator[Request]:
    yield reset.ResetRequest(number, reset.ResetFlags.of(autonomous=True), reset.ResetState(0))


def _levels(t: Tester, number: int) -> Iterator[Request]:
    now = t.get(performance.PerformanceLevelGetRequest(number), performance.PerformanceLevelGetResponse)
    described = t.get(
        performance.PerformanceDescribeLevelsRequest(number, 0), performance.PerformanceDescribeLevelsResponse
    )
    values = [each.value for each in described.perf_levels]
    for level in [*[each for each in values if each != now.performance_level][:1], now.performance_level]:
        yield performance.PerformanceLevelSetRequest(number, level)


def _limits(t: Tester, number: int) -> Iterator[Request]:
    now = t.get(performance.PerformanceLimitsGetRequest(number), performance.PerformanceLimitsGetResponse)
    level = t.get(performance.PerformanceLevelGetRequest(number), performance.PerformanceLevelGetResponse)
    for highest, lowest in ((level.performance_level,) * 2, (now.range_max, now.range_min)):
        yield performance.PerformanceLimitsSetRequest(number, highest, lowest)


def _caps(t: Tester, number: int) -> Iterator[Request]:
    now = t.get(power_capping.PowercapCapGetRequest(number), power_capping.PowercapCapGetResponse).power_cap
    found = t.get(power_capping.PowercapDomainAttributesRequest(number), power_capping.PowercapDomainAttributesResponse)
    ends = (found.min_power_cap, found.max_power_cap)
    for cap in [*[each for each in ends if each != now][:1], now]:
        yield power_capping.PowercapCapSetRequest(number, PowercapCapSetFlags(0), cap)


_NOTIFIED: Sequence[Notified] = (
    Notified(
        protocol=clock.PROTOCOL,
        resources=CLOCKS,
        command="CLOCK_RATE_NOTIFY",
        ask=clock.ClockRateNotifyRequest,
        promise="rate_changed_notifications",
        message_id=0x0,
        changes=_rates,
        about="clock_id",
    ),
    Notified(
        protocol=power_domain.PROTOCOL,
        resources=POWER_DOMAINS,
        command="POWER_STATE_NOTIFY",
        ask=power_domain.PowerStateNotifyRequest,
        promise="change_notifications",
        message_id=0x0,
        changes=_power_states,
        about="domain_id",
    ),
    Notified(
        protocol=reset.PROTOCOL,
        resources=RESET_DOMAINS,
        command="RESET_NOTIFY",
        ask=reset.ResetNotifyRequest,
        promise="notifications",
        message_id=0x0,
        changes=_resets,
        about="domain_id",
    ),
    Notified(
        protocol=performance.PROTOCOL,
        resources=PERFORMANCE_DOMAINS,
        command="PERFORMANCE_NOTIFY_LEVEL",
        ask=performance.PerformanceNotifyLevelRequest,
        promise="level_notifications",
        message_id=0x1,
        changes=_levels,
        about="domain_id",
    ),
    Notified(
        protocol=performance.PROTOCOL,
        resources=PERFORMANCE_DOMAINS,
        command="PERFORMANCE_NOTIFY_LIMITS",
        ask=performance.PerformanceNotifyLimitsRequest,
        promise="limits_notifications",
        message_id=0x0,
        changes=_limits,
        about="domain_id",
    ),
    Notified(
        protocol=power_capping.PROTOCOL,
        resources=POWER_CAPPING_DOMAINS,
        command="POWERCAP_CAP_NOTIFY",
        ask=power_capping.PowercapCapNotifyRequest,
        promise="cap_notifications",
        message_id=0x0,
        changes=_caps,
        about="domain_id",
    ),
)

_DELAYED: Sequence[Delayed] = (
    Delayed(
        protocol=power_domain.PROTOCOL,
        resources=POWER_DOMAINS,
        command="POWER_STATE_SET",
        promise="set_asynchronous",
        request=lambda t, number: power_domain.PowerStateSetRequest(
            power_domain.PowerStateSetFlags.of(asynchronous=True),
            number,
            t.get(power_domain.PowerStateGetRequest(number), power_domain.PowerStateGetResponse).power_state,
        ),
        about="domain_id",
    ),
    Delayed(
        protocol=reset.PROTOCOL,
        resources=RESET_DOMAINS,
        command="RESET",
        promise="asynchronous",
        request=lambda t, number: reset.ResetRequest(
            number, reset.ResetFlags.of(autonomous=True, asynchronous=True), reset.ResetState(0)
        ),
        about="domain_id",
    ),
    Delayed(
        protocol=voltage.PROTOCOL,
        resources=VOLTAGE_DOMAINS,
        command="VOLTAGE_LEVEL_SET",
        promise="asynchronous",
        request=lambda t, number: voltage.VoltageLevelSetRequest(
            number,
            voltage.VoltageLevelSetFlags.of(asynchronous=True),
            t.get(voltage.VoltageLevelGetRequest(number), voltage.VoltageLevelGetResponse).voltage_level,
        ),
        about="domain_id",
    ),
    Delayed(
        protocol=power_capping.PROTOCOL,
        resources=POWER_CAPPING_DOMAINS,
        command="POWERCAP_CAP_SET",
        promise="asynchronous",
        request=lambda t, number: power_capping.PowercapCapSetRequest(
            number,
            PowercapCapSetFlags.of(asynchronous=True),
            t.get(power_capping.PowercapCapGetRequest(number), power_capping.PowercapCapGetResponse).power_cap,
        ),
        about="domain_id",
    ),
)
