"""Tests of the clock protocol, 0x14: rates, states and parents."""

from __future__ import annotations

from itertools import pairwise

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.message import Refusal, Request
from xenscmi.scmi.protocols.clock import (
    PROTOCOL,
    ClockAttributesRequest,
    ClockAttributesResponse,
    ClockConfig,
    ClockConfigGetFlags,
    ClockConfigGetRequest,
    ClockConfigGetResponse,
    ClockConfigSetRequest,
    ClockConfigSetRequestV1,
    ClockConfigV1,
    ClockDescribeRatesRequest,
    ClockDescribeRatesResponse,
    ClockGetPermissionsRequest,
    ClockNameGetRequest,
    ClockParentGetRequest,
    ClockParentGetResponse,
    ClockParentSetRequest,
    ClockPossibleParentsGetRequest,
    ClockPossibleParentsGetResponse,
    ClockRateChangeRequestedNotifyRequest,
    ClockRateGetRequest,
    ClockRateGetResponse,
    ClockRateNotifyRequest,
    ClockRateSetFlags,
    ClockRateSetRequest,
    ClockState,
    RateFormat,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
V3 = 0x30000
MOST_RATES = 4096

CLOCKS = Resources(
    noun="clock",
    count=lambda answer: answer.attributes.clocks,
    attributes=ClockAttributesRequest,
    name=ClockNameGetRequest,
    name_field="clock_name",
    gets=(
        ClockRateGetRequest,
        lambda clock: ClockConfigGetRequest(clock, ClockConfigGetFlags(0)),
        ClockParentGetRequest,
        ClockGetPermissionsRequest,
    ),
    notifies={
        ClockRateNotifyRequest: "rate_changed_notifications",
        ClockRateChangeRequestedNotifyRequest: "rate_change_requested_notifications",
    },
)
add_resource_cases(CASES, CLOCKS)


@CASES.test("CLOCK_DESCRIBE_RATES")
def every_clock_has_a_rate(t: Tester) -> None:
    """The rates of a clock, where they are described, are not none: Linux does not survive that."""
    for clock in CLOCKS.usable(t):
        first = t.ask(ClockDescribeRatesRequest(clock, 0))
        if isinstance(first, ClockDescribeRatesResponse):
            t.check(first.num_rates_flags.returned, f"clock {clock} has no rate")


@CASES.test("CLOCK_DESCRIBE_RATES")
def rates_rise(t: Tester) -> None:
    """A list of rates rises; a range has a lowest rate, a highest one that is not lower, and a step."""
    for clock in CLOCKS.usable(t):
        rates, listed = _rates(t, clock)
        if listed:
            t.check(rates == sorted(set(rates)), f"the rates of clock {clock} are {rates}")
        else:
            t.check(rates[0] <= rates[1], f"the rates of clock {clock} go from {rates[0]} down to {rates[1]}")


@CASES.test("CLOCK_DESCRIBE_RATES")
def a_range_of_rates_is_three_numbers(t: Tester) -> None:
    """A range comes in one answer of three numbers."""
    tried = False
    for clock in CLOCKS.usable(t):
        answer = t.get(ClockDescribeRatesRequest(clock, 0), ClockDescribeRatesResponse)
        if answer.num_rates_flags.format == RateFormat.RANGE:
            tried = True
            flags = answer.num_rates_flags
            t.check((flags.returned, flags.remaining) == (3, 0), f"clock {clock}: {flags.returned}, {flags.remaining}")
    t.need(tried, "no clock has a range of rates")


@CASES.test("CLOCK_DESCRIBE_RATES")
def rates_come_in_parts_that_fit(t: Tester) -> None:
    """What remains after each part of a list is what comes."""
    for clock in CLOCKS.usable(t):
        first = t.get(ClockDescribeRatesRequest(clock, 0), ClockDescribeRatesResponse)
        total = first.num_rates_flags.returned + first.num_rates_flags.remaining
        rates, listed = _rates(t, clock)
        t.check(not listed or len(rates) == total, f"clock {clock}: {total} rates announced, {len(rates)} came")


@CASES.test("CLOCK_DESCRIBE_RATES")
def rates_beyond_the_last_are_refused(t: Tester) -> None:
    """An index beyond the last rate is OUT_OF_RANGE."""
    tried = False
    for clock in CLOCKS.usable(t):
        rates, listed = _rates(t, clock)
        if listed:
            tried = True
            t.refused(ClockDescribeRatesRequest(clock, len(rates) + 1), Status.OUT_OF_RANGE)
    t.need(tried, "no clock has a list of rates")


@CASES.test("CLOCK_DESCRIBE_RATES")
def rates_of_none(t: Tester) -> None:
    """The rates of a clock that does not exist are NOT_FOUND."""
    for clock in (CLOCKS.number(t), NO_RESOURCE):
        t.refused(ClockDescribeRatesRequest(clock, 0), Status.NOT_FOUND)


@CASES.test("CLOCK_DESCRIBE_RATES")
def rates_need_a_whole_payload(t: Tester) -> None:
    """A request for rates that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x4, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("CLOCK_RATE_SET", changes=True)
def a_rate_that_is_described_can_be_set(t: Tester) -> None:
    """The lowest and the highest rate can be set, and are then read back."""
    for clock in _with_rate_control(t):
        rates, listed = _rates(t, clock)
        for rate in (rates[0], rates[-1] if listed else rates[1]):
            t.get(ClockRateSetRequest(ClockRateSetFlags(0), clock, rate))
            _check_rate(t, clock, rate)


@CASES.test("CLOCK_RATE_SET", changes=True)
def a_rate_between_two_is_rounded_down_or_up(t: Tester) -> None:
    """Without flags a rate between two is rounded down, with the flag for it up."""
    tried = False
    for clock in _with_rate_control(t):
        rates, listed = _rates(t, clock)
        pairs = [pair for pair in pairwise(rates) if pair[1] - pair[0] > 1] if listed else []
        for lower, upper in pairs[:1]:
            tried = True
            t.get(ClockRateSetRequest(ClockRateSetFlags(0), clock, lower + 1))
            _check_rate(t, clock, lower)
            t.get(ClockRateSetRequest(ClockRateSetFlags.of(round_up=True), clock, lower + 1))
            _check_rate(t, clock, upper)
    t.need(tried, "no clock has two rates with something between them")


@CASES.test("CLOCK_RATE_SET", changes=True)
def a_rate_may_be_rounded_to_the_closest(t: Tester) -> None:
    """With the flag for it, a rate just below another becomes that one."""
    tried = False
    for clock in _with_rate_control(t):
        rates, listed = _rates(t, clock)
        pairs = [pair for pair in pairwise(rates) if pair[1] - pair[0] > 2] if listed else []
        for _, upper in pairs[:1]:
            tried = True
            t.get(ClockRateSetRequest(ClockRateSetFlags.of(round_auto=True), clock, upper - 1))
            _check_rate(t, clock, upper)
    t.need(tried, "no clock has two rates with something between them")


@CASES.test("CLOCK_RATE_SET", changes=True)
def an_impossible_rate_is_refused_and_changes_nothing(t: Tester) -> None:
    """A rate above the highest is INVALID_PARAMETERS, and the rate stays what it was."""
    for clock in _with_rate_control(t):
        rates, listed = _rates(t, clock)
        before = t.get(ClockRateGetRequest(clock), ClockRateGetResponse).rate
        highest = rates[-1] if listed else rates[1]
        impossible = ClockRateSetRequest(ClockRateSetFlags.of(round_up=True), clock, highest + 1_000_000)
        t.refused(impossible, Status.INVALID_PARAMETERS, Status.OUT_OF_RANGE)
        _check_rate(t, clock, before)


@CASES.test("CLOCK_RATE_SET")
def setting_the_rate_of_none(t: Tester) -> None:
    """Setting the rate of a clock that does not exist is NOT_FOUND."""
    for clock in (CLOCKS.number(t), NO_RESOURCE):
        t.refused(ClockRateSetRequest(ClockRateSetFlags(0), clock, 1000), Status.NOT_FOUND)


@CASES.test("CLOCK_RATE_SET")
def setting_a_rate_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    clock = CLOCKS.first(t)
    rate = t.get(ClockRateGetRequest(clock), ClockRateGetResponse).rate
    t.refused(ClockRateSetRequest(ClockRateSetFlags(1 << 31), clock, rate), Status.INVALID_PARAMETERS)


@CASES.test("CLOCK_RATE_SET")
def setting_a_rate_needs_a_whole_payload(t: Tester) -> None:
    """A request to set a rate that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 8, 12, 15, 20):
        t.refused_bytes(0x5, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("CLOCK_CONFIG_SET", changes=True)
def a_clock_is_enabled_and_disabled(t: Tester) -> None:
    """What CLOCK_CONFIG_SET makes of a clock is in its attributes."""
    for clock in _with_state_control(t):
        for enable in (True, False, True):
            t.get(_config_set(t, clock, enable=enable))
            t.check(_enabled(t, clock) == enable, f"clock {clock} is {'not ' if enable else ''}enabled")


@CASES.test("CLOCK_CONFIG_SET", changes=True)
def enabling_one_clock_leaves_the_others_alone(t: Tester) -> None:
    """No other clock changes its state with one."""
    clocks = _with_state_control(t)
    t.need(len(clocks) > 1, "the agent may use one clock only")
    others = {clock: _enabled(t, clock) for clock in clocks[1:]}
    for enable in (True, False):
        t.get(_config_set(t, clocks[0], enable=enable))
        for clock, before in others.items():
            t.check(_enabled(t, clock) == before, f"clock {clock} changed with clock {clocks[0]}")


@CASES.test("CLOCK_CONFIG_SET")
def configuring_none(t: Tester) -> None:
    """Configuring a clock that does not exist is NOT_FOUND."""
    for clock in (CLOCKS.number(t), NO_RESOURCE):
        t.refused(_config_set(t, clock, enable=True), Status.NOT_FOUND)


@CASES.test("CLOCK_CONFIG_SET")
def configuring_has_reserved_bits(t: Tester) -> None:
    """Reserved bits that are set are INVALID_PARAMETERS."""
    clock = CLOCKS.first(t)
    if t.version >= V3:
        request: Request = ClockConfigSetRequest(clock, ClockConfig(1 << 31 | _enabled(t, clock)), 0)
    else:
        request = ClockConfigSetRequestV1(clock, ClockConfigV1(1 << 31 | _enabled(t, clock)))
    t.refused(request, Status.INVALID_PARAMETERS)


@CASES.test("CLOCK_CONFIG_SET")
def configuring_needs_a_whole_payload(t: Tester) -> None:
    """A request to configure that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 16):
        t.refused_bytes(0x7, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("CLOCK_CONFIG_SET", changes=True, since=V3)
def a_clock_may_be_left_as_it_is(t: Tester) -> None:
    """The state "unchanged" changes nothing; with no extended setting it may be INVALID_PARAMETERS."""
    for clock in _with_state_control(t):
        before = _enabled(t, clock)
        answer = t.ask(ClockConfigSetRequest(clock, ClockConfig.of(state=ClockState.UNCHANGED), 0))
        if isinstance(answer, Refusal):
            t.check_status(answer.status, (Status.INVALID_PARAMETERS,), "leaving a clock as it is")
        t.check(_enabled(t, clock) == before, f"clock {clock} changed")


@CASES.test("CLOCK_CONFIG_SET", since=V3)
def a_state_that_is_none_is_refused(t: Tester) -> None:
    """The state 2, which the specification reserves, is INVALID_PARAMETERS."""
    clock = CLOCKS.first(t)
    t.refused(ClockConfigSetRequest(clock, ClockConfig(2), 0), Status.INVALID_PARAMETERS)


@CASES.test("CLOCK_CONFIG_SET", since=V3)
def an_extended_setting_that_is_none_is_refused(t: Tester) -> None:
    """An extended setting that does not exist is INVALID_PARAMETERS, or NOT_SUPPORTED where there are none at all."""
    request = ClockConfigSetRequest(
        CLOCKS.first(t), ClockConfig.of(extended_config_type=0x7F, state=ClockState.UNCHANGED), 0
    )
    t.refused(request, Status.INVALID_PARAMETERS, Status.NOT_SUPPORTED)


@CASES.test("CLOCK_CONFIG_GET", changes=True, since=V3)
def configuration_and_attributes_agree(t: Tester) -> None:
    """CLOCK_CONFIG_GET says of the state what the attributes say."""
    for clock in _with_state_control(t):
        for enable in (True, False):
            t.get(_config_set(t, clock, enable=enable))
            got = t.get(ClockConfigGetRequest(clock, ClockConfigGetFlags(0)), ClockConfigGetResponse)
            t.check(got.config.enabled == enable, f"clock {clock} is configured {got.config:#x}")


@CASES.test("CLOCK_POSSIBLE_PARENTS_GET", since=V3)
def possible_parents_are_clocks(t: Tester) -> None:
    """The possible parents of a clock are clocks, each named once."""
    count = CLOCKS.number(t)
    for clock, parents in _with_parents(t).items():
        t.check(all(parent < count for parent in parents), f"the parents of clock {clock} are {parents}")
        t.check(len(set(parents)) == len(parents), f"the parents of clock {clock} are {parents}")


@CASES.test("CLOCK_PARENT_SET", changes=True, since=V3)
def a_possible_parent_can_be_set(t: Tester) -> None:
    """Every possible parent can be set, and is then read back."""
    for clock, parents in _with_parents(t).items():
        before = _parent(t, clock)
        t.undo(ClockParentSetRequest(clock, before))
        for parent in parents:
            t.get(ClockParentSetRequest(clock, parent))
            found = _parent(t, clock)
            t.check(found == parent, f"the parent of clock {clock} is {found}, was set to {parent}")


@CASES.test("CLOCK_PARENT_SET", changes=True, since=V3)
def a_parent_that_is_none_cannot_be_set(t: Tester) -> None:
    """A parent that does not exist is refused, and the parent stays what it was."""
    for clock in _with_parents(t):
        before = _parent(t, clock)
        t.undo(ClockParentSetRequest(clock, before))
        t.refused(ClockParentSetRequest(clock, NO_RESOURCE), Status.NOT_FOUND, Status.INVALID_PARAMETERS)
        t.check(_parent(t, clock) == before, f"the parent of clock {clock} changed")


def _rates(t: Tester, clock: int) -> tuple[list[int], bool]:
    """Return a clock's rates, and whether they are a list (else: lowest, highest, step)."""
    rates: list[int] = []
    listed = True
    for part in t.parts(ClockDescribeRatesRequest(clock, 0), ClockDescribeRatesResponse):
        listed = part.num_rates_flags.format == RateFormat.LIST
        rates += part.rates
        t.check(len(rates) <= MOST_RATES, f"clock {clock} has more than {MOST_RATES} rates")
    t.check(rates, f"clock {clock} has no rate")
    return rates, listed


def _check_rate(t: Tester, clock: int, rate: int) -> None:
    found = t.get(ClockRateGetRequest(clock), ClockRateGetResponse).rate
    t.check(found == rate, f"the rate of clock {clock} is {found}, must be {rate}")


def _with_rate_control(t: Tester) -> list[int]:
    """Return the usable clocks whose rate can be set; their rates are put back."""
    found = []
    for clock in CLOCKS.usable(t):
        rate = t.get(ClockRateGetRequest(clock), ClockRateGetResponse).rate
        if rate and not isinstance(t.ask(ClockRateSetRequest(ClockRateSetFlags(0), clock, rate)), Refusal):
            t.undo(ClockRateSetRequest(ClockRateSetFlags(0), clock, rate))
            found.append(clock)
    t.need(found, "the rate of no clock can be set")
    return found


def _with_state_control(t: Tester) -> list[int]:
    """Return the clocks that the agent may enable and disable; their states are put back."""
    states = {clock: _config_set(t, clock, enable=_enabled(t, clock)) for clock in CLOCKS.usable(t)}
    clocks = [clock for clock, unchanged in states.items() if t.permits(unchanged)]
    t.need(clocks, "the agent may enable no clock")
    for clock in clocks:
        t.undo(states[clock])
    return clocks


def _with_parents(t: Tester) -> dict[int, list[int]]:
    """Return the usable clocks that have parents to choose from."""
    found: dict[int, list[int]] = {}
    for clock in CLOCKS.usable(t):
        if t.get(ClockAttributesRequest(clock), ClockAttributesResponse).attributes.parents:
            found[clock] = []
            for part in t.parts(ClockPossibleParentsGetRequest(clock, 0), ClockPossibleParentsGetResponse):
                found[clock] += part.possible_parents
        if clock in found and not t.permits(ClockParentSetRequest(clock, _parent(t, clock))):
            del found[clock]
    t.need(found, "no clock has parents to choose from")
    return found


def _parent(t: Tester, clock: int) -> int:
    return t.get(ClockParentGetRequest(clock), ClockParentGetResponse).parent_id


def _config_set(t: Tester, clock: int, *, enable: bool) -> Request:
    if t.version < V3:
        return ClockConfigSetRequestV1(clock, ClockConfigV1.of(enable=enable))
    state = ClockState.ENABLE if enable else ClockState.DISABLE
    return ClockConfigSetRequest(clock, ClockConfig.of(state=state), 0)


def _enabled(t: Tester, clock: int) -> bool:
    answer = t.get(ClockAttributesRequest(clock), ClockAttributesResponse)
    return bool(answer.attributes.enabled)
