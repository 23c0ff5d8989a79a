"""Tests of the voltage domain protocol, 0x17."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.protocols.voltage import (
    PROTOCOL,
    VOLTAGE_OFF,
    VOLTAGE_ON,
    LevelFormat,
    VoltageConfig,
    VoltageConfigGetRequest,
    VoltageConfigGetResponse,
    VoltageConfigSetRequest,
    VoltageDescribeLevelsRequest,
    VoltageDescribeLevelsResponse,
    VoltageDomainAttributesRequest,
    VoltageDomainAttributesResponse,
    VoltageDomainNameGetRequest,
    VoltageLevelGetRequest,
    VoltageLevelGetResponse,
    VoltageLevelSetFlags,
    VoltageLevelSetRequest,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)

DOMAINS = Resources(
    noun="voltage domain",
    count=lambda answer: answer.attributes.domains,
    attributes=VoltageDomainAttributesRequest,
    name=VoltageDomainNameGetRequest,
    gets=(VoltageConfigGetRequest, VoltageLevelGetRequest),
)
add_resource_cases(CASES, DOMAINS)

SYNCHRONOUS, ASYNCHRONOUS = VoltageLevelSetFlags(0), VoltageLevelSetFlags.of(asynchronous=True)
TOO_HIGH = 2_000_000_000  # µV


@CASES.test("VOLTAGE_DESCRIBE_LEVELS")
def levels_rise(t: Tester) -> None:
    """A list of levels rises; a range has a lowest level, a highest one that is not lower, and a step."""
    for domain in DOMAINS.usable(t):
        levels, listed = _levels(t, domain)
        fine = levels == sorted(set(levels)) if listed else len(levels) == 3 and levels[0] <= levels[1]
        t.check(fine and levels, f"the levels of voltage domain {domain} are {levels}")


@CASES.test("VOLTAGE_DESCRIBE_LEVELS")
def levels_come_in_parts_that_fit(t: Tester) -> None:
    """What remains after the first part is what comes."""
    for domain in DOMAINS.usable(t):
        first = t.get(VoltageDescribeLevelsRequest(domain, 0), VoltageDescribeLevelsResponse)
        total = first.flags.returned + first.flags.remaining
        levels, listed = _levels(t, domain)
        t.check(not listed or len(levels) == total, f"voltage domain {domain}: {total} announced, {len(levels)} came")


@CASES.test("VOLTAGE_DESCRIBE_LEVELS")
def levels_beyond_the_last_are_refused(t: Tester) -> None:
    """An index beyond the last level of a list is OUT_OF_RANGE."""
    tried = False
    for domain in DOMAINS.usable(t):
        levels, listed = _levels(t, domain)
        if listed:
            tried = True
            t.refused(VoltageDescribeLevelsRequest(domain, len(levels) + 1), Status.OUT_OF_RANGE)
    t.need(tried, "no voltage domain has a list of levels")


@CASES.test("VOLTAGE_DESCRIBE_LEVELS")
def levels_of_none(t: Tester) -> None:
    """The levels of a voltage domain that does not exist are NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(VoltageDescribeLevelsRequest(domain, 0), Status.NOT_FOUND)


@CASES.test("VOLTAGE_CONFIG_SET", changes=True)
def a_domain_is_switched_on_and_off(t: Tester) -> None:
    """The configuration that is set is read back."""
    for domain in DOMAINS.usable(t):
        t.undo(VoltageConfigSetRequest(domain, _config(t, domain)))
        for config in (VOLTAGE_ON, VOLTAGE_OFF, VOLTAGE_ON):
            t.get(VoltageConfigSetRequest(domain, config))
            found = _config(t, domain)
            t.check(found == config, f"voltage domain {domain} is configured {found:#x}, was set to {config:#x}")


@CASES.test("VOLTAGE_CONFIG_SET")
def a_mode_that_does_not_exist_is_refused(t: Tester) -> None:
    """An architectural mode that the specification reserves is INVALID_PARAMETERS, and nothing changes."""
    domain = DOMAINS.first(t)
    before = _config(t, domain)
    t.refused(VoltageConfigSetRequest(domain, VoltageConfig(5)), Status.INVALID_PARAMETERS, Status.NOT_SUPPORTED)
    t.check(_config(t, domain) == before, f"the configuration of voltage domain {domain} changed")


@CASES.test("VOLTAGE_CONFIG_SET")
def configuring_has_reserved_bits(t: Tester) -> None:
    """Reserved bits that are set are INVALID_PARAMETERS."""
    domain = DOMAINS.first(t)
    request = VoltageConfigSetRequest(domain, VoltageConfig(_config(t, domain) | 1 << 31))
    t.refused(request, Status.INVALID_PARAMETERS)


@CASES.test("VOLTAGE_CONFIG_SET")
def configuring_none(t: Tester) -> None:
    """Configuring a voltage domain that does not exist is NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(VoltageConfigSetRequest(domain, VOLTAGE_ON), Status.NOT_FOUND)


@CASES.test("VOLTAGE_LEVEL_SET", changes=True)
def every_level_can_be_set(t: Tester) -> None:
    """Each level that is described can be set, and is then read back."""
    for domain in DOMAINS.usable(t):
        t.undo(VoltageLevelSetRequest(domain, SYNCHRONOUS, _level(t, domain)))
        levels, listed = _levels(t, domain)
        for level in levels if listed else levels[:2]:
            t.get(VoltageLevelSetRequest(domain, SYNCHRONOUS, level))
            found = _level(t, domain)
            t.check(found == level, f"the level of voltage domain {domain} is {found}, was set to {level}")


@CASES.test("VOLTAGE_LEVEL_SET")
def a_level_that_is_none_is_refused_and_changes_nothing(t: Tester) -> None:
    """A level far above the highest is INVALID_PARAMETERS or OUT_OF_RANGE, and the level stays what it was."""
    domain = DOMAINS.first(t)
    before = _level(t, domain)
    t.refused(VoltageLevelSetRequest(domain, SYNCHRONOUS, TOO_HIGH), Status.INVALID_PARAMETERS, Status.OUT_OF_RANGE)
    t.check(_level(t, domain) == before, f"the level of voltage domain {domain} changed")


@CASES.test("VOLTAGE_LEVEL_SET")
def setting_the_level_of_none(t: Tester) -> None:
    """Setting the level of a voltage domain that does not exist is NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(VoltageLevelSetRequest(domain, SYNCHRONOUS, 1), Status.NOT_FOUND)


@CASES.test("VOLTAGE_LEVEL_SET")
def an_asynchronous_change_that_was_not_promised_is_not_supported(t: Tester) -> None:
    """A domain whose attributes do not promise asynchronous changes refuses them as NOT_SUPPORTED."""
    tried = False
    for domain in DOMAINS.usable(t):
        attributes = t.get(VoltageDomainAttributesRequest(domain), VoltageDomainAttributesResponse).attributes
        if not attributes.asynchronous:
            tried = True
            t.refused(VoltageLevelSetRequest(domain, ASYNCHRONOUS, _level(t, domain)), Status.NOT_SUPPORTED)
    t.need(tried, "every voltage domain can be set asynchronously")


@CASES.test("VOLTAGE_LEVEL_SET")
def setting_a_level_needs_a_whole_payload(t: Tester) -> None:
    """A request to set a level that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 8, 11, 16):
        t.refused_bytes(0x7, bytes(size), Status.PROTOCOL_ERROR)


def _levels(t: Tester, domain: int) -> tuple[list[int], bool]:
    """Return a domain's levels, and whether they are a list (else: lowest, highest, step)."""
    levels: list[int] = []
    listed = True
    for part in t.parts(VoltageDescribeLevelsRequest(domain, 0), VoltageDescribeLevelsResponse):
        listed = part.flags.format == LevelFormat.LIST
        levels += part.voltage
    return levels, listed


def _config(t: Tester, domain: int) -> VoltageConfig:
    return t.get(VoltageConfigGetRequest(domain), VoltageConfigGetResponse).config


def _level(t: Tester, domain: int) -> int:
    return t.get(VoltageLevelGetRequest(domain), VoltageLevelGetResponse).voltage_level
