"""Tests of the performance domain protocol, 0x13: levels and limits."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.protocols.performance import (
    PROTOCOL,
    PerformanceDescribeFastchannelRequest,
    PerformanceDescribeLevelsRequest,
    PerformanceDescribeLevelsResponse,
    PerformanceDomainAttributesRequest,
    PerformanceDomainAttributesResponse,
    PerformanceDomainNameGetRequest,
    PerformanceLevel,
    PerformanceLevelGetRequest,
    PerformanceLevelGetResponse,
    PerformanceLevelSetRequest,
    PerformanceLimitsGetRequest,
    PerformanceLimitsGetResponse,
    PerformanceLimitsSetRequest,
    PerformanceNotifyLevelRequest,
    PerformanceNotifyLimitsRequest,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)

DOMAINS = Resources(
    noun="performance domain",
    count=lambda answer: answer.attributes.domains,
    attributes=PerformanceDomainAttributesRequest,
    name=PerformanceDomainNameGetRequest,
    gets=(PerformanceLevelGetRequest, PerformanceLimitsGetRequest),
    notifies={
        PerformanceNotifyLimitsRequest: "limits_notifications",
        PerformanceNotifyLevelRequest: "level_notifications",
    },
)
add_resource_cases(CASES, DOMAINS)


@CASES.test("PERFORMANCE_DESCRIBE_LEVELS")
def levels_rise(t: Tester) -> None:
    """The levels of a domain rise, and there is at least one."""
    for domain in DOMAINS.usable(t):
        levels = _values(t, domain)
        t.check(levels and levels == sorted(set(levels)), f"the levels of performance domain {domain} are {levels}")


@CASES.test("PERFORMANCE_DESCRIBE_LEVELS")
def more_performance_does_not_cost_less(t: Tester) -> None:
    """The power cost does not fall as levels rise, where it is known."""
    for domain in DOMAINS.usable(t):
        costs = [level.power_cost for level in _levels(t, domain) if level.power_cost]
        t.check(costs == sorted(costs), f"the costs of performance domain {domain} are {costs}")


@CASES.test("PERFORMANCE_DESCRIBE_LEVELS")
def levels_come_in_parts_that_fit(t: Tester) -> None:
    """What remains after the first part is what comes, and asking again from an index brings the same levels."""
    for domain in DOMAINS.usable(t):
        values = _values(t, domain)
        for index in range(len(values)):
            part = t.get(PerformanceDescribeLevelsRequest(domain, index), PerformanceDescribeLevelsResponse)
            total = index + part.num_levels.returned + part.num_levels.remaining
            t.check(total == len(values), f"performance domain {domain}: {total} levels from index {index} on")
            found = [level.value for level in part.perf_levels]
            t.check(found == values[index : index + len(found)], f"from index {index} on come {found} of {values}")


@CASES.test("PERFORMANCE_DESCRIBE_LEVELS")
def levels_beyond_the_last_are_refused(t: Tester) -> None:
    """An index beyond the last level is OUT_OF_RANGE."""
    for domain in DOMAINS.usable(t):
        t.refused(PerformanceDescribeLevelsRequest(domain, len(_values(t, domain)) + 1), Status.OUT_OF_RANGE)


@CASES.test("PERFORMANCE_DESCRIBE_LEVELS")
def levels_of_none(t: Tester) -> None:
    """The levels of a performance domain that does not exist are NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(PerformanceDescribeLevelsRequest(domain, 0), Status.NOT_FOUND)


@CASES.test("PERFORMANCE_LEVEL_GET")
def the_level_is_one_of_the_levels(t: Tester) -> None:
    """The present level is one of those described, and within the limits."""
    for domain in DOMAINS.usable(t):
        level, levels = _level(t, domain), _choices(t, domain)
        t.check(level in levels, f"the level of performance domain {domain} is {level}, not one of {levels}")


@CASES.test("PERFORMANCE_LEVEL_SET", changes=True)
def every_level_can_be_set(t: Tester) -> None:
    """Each level that is described can be set, and is then read back."""
    for domain in _with_level(t):
        for level in _choices(t, domain):
            t.get(PerformanceLevelSetRequest(domain, level))
            found = _level(t, domain)
            t.check(found == level, f"the level of performance domain {domain} is {found}, was set to {level}")


@CASES.test("PERFORMANCE_LEVEL_SET", changes=True)
def a_level_beyond_the_highest_is_refused_and_changes_nothing(t: Tester) -> None:
    """A level above the highest is OUT_OF_RANGE or INVALID_PARAMETERS, and the level stays what it was."""
    for domain in _with_level(t):
        before = _level(t, domain)
        highest = _choices(t, domain)[-1]
        t.refused(
            PerformanceLevelSetRequest(domain, highest + 1_000_000), Status.OUT_OF_RANGE, Status.INVALID_PARAMETERS
        )
        t.check(_level(t, domain) == before, f"the level of performance domain {domain} changed")


@CASES.test("PERFORMANCE_LEVEL_SET")
def setting_the_level_of_none(t: Tester) -> None:
    """Setting the level of a performance domain that does not exist is NOT_FOUND."""
    t.need_command(PerformanceLevelSetRequest)
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(PerformanceLevelSetRequest(domain, 1), Status.NOT_FOUND)


@CASES.test("PERFORMANCE_LEVEL_SET")
def setting_a_level_needs_a_whole_payload(t: Tester) -> None:
    """A request to set a level that is too short or too long is a PROTOCOL_ERROR."""
    t.need_command(PerformanceLevelSetRequest)
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x7, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("PERFORMANCE_LIMITS_GET")
def limits_are_in_order(t: Tester) -> None:
    """The upper limit is not below the lower one."""
    t.need_command(PerformanceLimitsGetRequest)
    for domain in DOMAINS.usable(t):
        limits = _limits(t, domain)
        t.check(limits.range_max >= limits.range_min, f"performance domain {domain} has {limits}")


@CASES.test("PERFORMANCE_LIMITS_SET", changes=True)
def limits_are_read_back(t: Tester) -> None:
    """Limits that are set are read back."""
    for domain in _with_limits(t):
        levels = _choices(t, domain)
        for lowest, highest in ((levels[0], levels[-1]), (levels[0], levels[0]), (levels[-1], levels[-1])):
            t.get(PerformanceLimitsSetRequest(domain, highest, lowest))
            found = _limits(t, domain)
            t.check((found.range_max, found.range_min) == (highest, lowest), f"performance domain {domain} has {found}")


@CASES.test("PERFORMANCE_LIMITS_SET", changes=True)
def a_level_outside_of_the_limits_is_refused(t: Tester) -> None:
    """With limits that allow the highest level alone, the lowest one is OUT_OF_RANGE or INVALID_PARAMETERS."""
    tried = False
    for domain in _with_limits(t):
        levels = _choices(t, domain)
        if len(levels) > 1 and _attributes(t, domain).attributes.can_set_level:
            tried = True
            t.get(PerformanceLimitsSetRequest(domain, levels[-1], levels[-1]))
            t.refused(PerformanceLevelSetRequest(domain, levels[0]), Status.OUT_OF_RANGE, Status.INVALID_PARAMETERS)
    t.need(tried, "no performance domain has limits and two levels")


@CASES.test("PERFORMANCE_LIMITS_SET", changes=True)
def limits_that_cross_are_refused(t: Tester) -> None:
    """A lower limit above the upper one is INVALID_PARAMETERS or OUT_OF_RANGE, and the limits stay what they were."""
    tried = False
    for domain in _with_limits(t):
        levels, before = _choices(t, domain), _limits(t, domain)
        if len(levels) > 1:
            tried = True
            crossed = PerformanceLimitsSetRequest(domain, levels[0] or 1, levels[-1])
            t.refused(crossed, Status.INVALID_PARAMETERS, Status.OUT_OF_RANGE)
            t.check(_limits(t, domain) == before, f"the limits of performance domain {domain} changed")
    t.need(tried, "no performance domain has two levels")


@CASES.test("PERFORMANCE_DESCRIBE_FASTCHANNEL")
def fast_channels_are_there_as_promised(t: Tester) -> None:
    """A domain whose attributes do not promise fast channels describes none: NOT_SUPPORTED, or NOT_FOUND."""
    tried = False
    for domain in DOMAINS.usable(t):
        if not _attributes(t, domain).attributes.fast_channels:
            tried = True
            t.refused(PerformanceDescribeFastchannelRequest(domain, 0x8), Status.NOT_SUPPORTED, Status.NOT_FOUND)
    t.need(tried, "every performance domain has fast channels")


def _attributes(t: Tester, domain: int) -> PerformanceDomainAttributesResponse:
    return t.get(PerformanceDomainAttributesRequest(domain), PerformanceDomainAttributesResponse)


def _levels(t: Tester, domain: int) -> list[PerformanceLevel]:
    found: list[PerformanceLevel] = []
    for part in t.parts(PerformanceDescribeLevelsRequest(domain, 0), PerformanceDescribeLevelsResponse):
        found += part.perf_levels
    return found


def _values(t: Tester, domain: int) -> list[int]:
    return [level.value for level in _levels(t, domain)]


def _choices(t: Tester, domain: int) -> list[int]:
    """Return what names the levels in commands: their values, or their indices in level indexing mode."""
    levels = _levels(t, domain)
    if getattr(_attributes(t, domain).attributes, "level_indexing", False):
        return [level.level_index for level in levels]
    return [level.value for level in levels]


def _level(t: Tester, domain: int) -> int:
    return t.get(PerformanceLevelGetRequest(domain), PerformanceLevelGetResponse).performance_level


def _limits(t: Tester, domain: int) -> PerformanceLimitsGetResponse:
    return t.get(PerformanceLimitsGetRequest(domain), PerformanceLimitsGetResponse)


def _with_level(t: Tester) -> list[int]:
    """Return the usable domains whose level can be set; it is put back."""
    found = [domain for domain in DOMAINS.usable(t) if _attributes(t, domain).attributes.can_set_level]
    t.need(found, "the level of no performance domain can be set")
    for domain in found:
        t.undo(PerformanceLevelSetRequest(domain, _level(t, domain)))
    return found


def _with_limits(t: Tester) -> list[int]:
    """Return the usable domains whose limits can be set; limits and level are put back, in this order."""
    found = [domain for domain in DOMAINS.usable(t) if _attributes(t, domain).attributes.can_set_limits]
    t.need(found, "the limits of no performance domain can be set")
    for domain in found:
        if _attributes(t, domain).attributes.can_set_level:
            t.undo(PerformanceLevelSetRequest(domain, _level(t, domain)))
        limits = _limits(t, domain)
        t.undo(PerformanceLimitsSetRequest(domain, limits.range_max, limits.range_min))
    return found
