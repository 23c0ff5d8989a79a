"""Tests of the power capping protocol, 0x18."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.message import Refusal, Request
from xenscmi.scmi.protocols.power_capping import (
    NO_PARENT,
    PROTOCOL,
    PowercapCapGetRequest,
    PowercapCapGetResponse,
    PowercapCapNotifyRequest,
    PowercapCapSetRequest,
    PowercapDescribeFastchannelRequest,
    PowercapDomainAttributesRequest,
    PowercapDomainAttributesResponse,
    PowercapDomainNameGetRequest,
    PowercapMeasurementsGetRequest,
    PowercapMeasurementsGetResponse,
    PowercapMeasurementsNotifyRequest,
    PowercapPaiGetRequest,
    PowercapPaiGetResponse,
)
from xenscmi.scmi.protocols.power_capping_parts import PowercapCapSetFlags
from xenscmi.scmi.protocols.power_capping_v3 import (
    PowercapCapGetRequestV3,
    PowercapCapSetRequestV3,
    PowercapDomainAttributesResponseV3,
    PowercapMaiGetRequest,
    PowercapMaiGetResponse,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
V3 = 0x30000  # SCMI 4.0 changes what CAP_GET, CAP_SET and PAI_GET carry

DOMAINS = Resources(
    noun="power capping domain",
    count=lambda answer: answer.attributes.domains,
    attributes=PowercapDomainAttributesRequest,
    name=PowercapDomainNameGetRequest,
    probe=PowercapCapGetRequest,
    gets=(PowercapCapGetRequest, PowercapPaiGetRequest, PowercapMeasurementsGetRequest),
    notifies={
        PowercapCapNotifyRequest: "cap_notifications",
        lambda domain, on: PowercapMeasurementsNotifyRequest(domain, on, 0, 0): "measurements_notifications",
    },
)
add_resource_cases(CASES, DOMAINS)

SYNCHRONOUS, ASYNCHRONOUS = PowercapCapSetFlags(0), PowercapCapSetFlags.of(asynchronous=True)


@CASES.test("POWERCAP_DOMAIN_ATTRIBUTES")
def ranges_are_in_order(t: Tester) -> None:
    """The greatest cap and interval are not below the smallest, and a step does not lead past the range."""
    for domain in DOMAINS.usable(t):
        found = _attributes(t, domain)
        t.check(
            found.min_power_cap <= found.max_power_cap,
            f"power capping domain {domain}: caps of {found.min_power_cap} to {found.max_power_cap}",
        )
        shortest, longest = _intervals(found)
        t.check(shortest <= longest, f"power capping domain {domain}: intervals of {shortest} to {longest}")


@CASES.test("POWERCAP_DOMAIN_ATTRIBUTES")
def a_domain_that_is_not_configurable_has_one_cap(t: Tester) -> None:
    """Where the cap cannot be configured, its smallest and greatest value are the same."""
    tried = False
    for domain in DOMAINS.usable(t):
        found = _attributes(t, domain)
        if not found.attributes.cap_configuration:
            tried = True
            same = found.min_power_cap == found.max_power_cap
            t.check(same, f"power capping domain {domain}: {found.min_power_cap} to {found.max_power_cap}")
    t.need(tried, "every power capping domain is configurable")


@CASES.test("POWERCAP_DOMAIN_ATTRIBUTES")
def parents_are_domains(t: Tester) -> None:
    """A domain's parent exists, and no domain is among its own ancestors."""
    count = DOMAINS.number(t)
    parents = {domain: _attributes(t, domain).parent_id for domain in DOMAINS.usable(t)}
    for domain, parent in parents.items():
        t.check(parent == NO_PARENT or parent < count, f"the parent of power capping domain {domain} is {parent}")
        seen = {domain}
        while parent in parents:
            t.check(parent not in seen, f"power capping domain {domain} is its own ancestor")
            seen.add(parent)
            parent = parents[parent]


@CASES.test("POWERCAP_CAP_SET", changes=True)
def the_ends_of_the_range_can_be_set(t: Tester) -> None:
    """The smallest and the greatest cap can be set, and are then read back."""
    for domain in _configurable(t):
        found = _attributes(t, domain)
        for cap in (found.min_power_cap, found.max_power_cap):
            t.get(PowercapCapSetRequest(domain, SYNCHRONOUS, cap))
            _check_cap(t, domain, cap)


@CASES.test("POWERCAP_CAP_SET", changes=True)
def a_cap_outside_of_the_range_is_refused_and_changes_nothing(t: Tester) -> None:
    """A cap above the greatest or below the smallest is OUT_OF_RANGE or INVALID_PARAMETERS; the cap stays."""
    for domain in _configurable(t):
        found, before = _attributes(t, domain), _cap(t, domain)
        outside = [found.max_power_cap + found.power_cap_step + 1]
        if found.min_power_cap > 1:
            outside.append(found.min_power_cap - 1)
        for cap in outside:
            request = PowercapCapSetRequest(domain, SYNCHRONOUS, cap)
            t.refused(request, Status.OUT_OF_RANGE, Status.INVALID_PARAMETERS)
        _check_cap(t, domain, before)


@CASES.test("POWERCAP_CAP_SET")
def setting_the_cap_of_none(t: Tester) -> None:
    """Setting the cap of a power capping domain that does not exist is NOT_FOUND."""
    t.need_command(PowercapCapSetRequest)
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(PowercapCapSetRequest(domain, SYNCHRONOUS, 1), Status.NOT_FOUND)


@CASES.test("POWERCAP_CAP_SET")
def setting_a_cap_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    domain = DOMAINS.first(t)
    t.need_command(PowercapCapSetRequest)
    request = PowercapCapSetRequest(domain, PowercapCapSetFlags(1 << 31), _cap(t, domain))
    t.refused(request, Status.INVALID_PARAMETERS)


@CASES.test("POWERCAP_CAP_SET")
def an_asynchronous_change_that_was_not_promised_is_not_supported(t: Tester) -> None:
    """A domain whose attributes do not promise asynchronous changes refuses them as NOT_SUPPORTED."""
    t.need_command(PowercapCapSetRequest)
    tried = False
    for domain in DOMAINS.usable(t):
        request = _unchanged(t, domain, ASYNCHRONOUS)
        if not _attributes(t, domain).attributes.asynchronous and t.permits(request):
            tried = True
            t.refused(request, Status.NOT_SUPPORTED)
    t.need(tried, "every power capping domain can be set asynchronously")


@CASES.test("POWERCAP_PAI_GET")
def the_interval_is_in_its_range(t: Tester) -> None:
    """The averaging interval (since 3.0 that of measurements, MAI) is between the shortest and the longest one."""
    for domain in DOMAINS.usable(t):
        shortest, longest = _intervals(_attributes(t, domain))
        if t.version >= V3:
            interval = t.get(PowercapMaiGetRequest(domain), PowercapMaiGetResponse).mai
        else:
            t.need_command(PowercapPaiGetRequest)
            interval = t.get(PowercapPaiGetRequest(domain), PowercapPaiGetResponse).pai
        t.check(shortest <= interval <= longest, f"power capping domain {domain}: an interval of {interval}")


@CASES.test("POWERCAP_CAP_GET", since=V3)
def a_power_limit_that_does_not_exist_is_refused(t: Tester) -> None:
    """The cap of a concurrent power limit (CPL) that a domain does not have is NOT_FOUND or INVALID_PARAMETERS."""
    domain = DOMAINS.first(t)
    t.refused(PowercapCapGetRequestV3(domain, 0xFFFF), Status.NOT_FOUND, Status.INVALID_PARAMETERS)


@CASES.test("POWERCAP_CAP_SET", changes=True, since=V3)
def capping_one_limit_reads_back_on_that_one(t: Tester) -> None:
    """The cap of limit 0 that is set is that of limit 0, and no other domain's."""
    domains = _configurable(t)
    t.need(len(domains) > 1, "the agent may configure one power capping domain only")
    others = {domain: _cap(t, domain) for domain in domains[1:]}
    lowest = _attributes(t, domains[0]).min_power_cap
    t.get(PowercapCapSetRequestV3(domains[0], 0, SYNCHRONOUS, lowest))
    _check_cap(t, domains[0], lowest)
    for domain, cap in others.items():
        _check_cap(t, domain, cap)


@CASES.test("POWERCAP_MEASUREMENTS_GET")
def monitoring_is_there_as_promised(t: Tester) -> None:
    """A domain that promises monitoring is measured over an interval; another one is NOT_SUPPORTED."""
    for domain in DOMAINS.usable(t):
        answer = t.ask(PowercapMeasurementsGetRequest(domain))
        if isinstance(answer, Refusal) and answer.status == Status.DENIED:
            continue
        if _attributes(t, domain).attributes.monitoring:
            t.check(isinstance(answer, PowercapMeasurementsGetResponse), f"the measurement of {domain} is {answer}")
        else:
            refused = isinstance(answer, Refusal) and answer.status == Status.NOT_SUPPORTED
            t.check(refused, f"the measurement of power capping domain {domain} is {answer}")


@CASES.test("POWERCAP_DESCRIBE_FASTCHANNEL")
def fast_channels_are_there_as_promised(t: Tester) -> None:
    """A domain whose attributes do not promise fast channels describes none: NOT_SUPPORTED, or NOT_FOUND."""
    tried = False
    for domain in DOMAINS.usable(t):
        if not _attributes(t, domain).attributes.fast_channels:
            tried = True
            t.refused(PowercapDescribeFastchannelRequest(domain, 0x4), Status.NOT_SUPPORTED, Status.NOT_FOUND)
    t.need(tried, "every power capping domain has fast channels")


def _attributes(t: Tester, domain: int) -> PowercapDomainAttributesResponse:
    return t.get(PowercapDomainAttributesRequest(domain), PowercapDomainAttributesResponse)


def _intervals(found: PowercapDomainAttributesResponse) -> tuple[int, int]:
    """Return the shortest and the longest averaging interval; since 3.0 that of measurements."""
    if isinstance(found, PowercapDomainAttributesResponseV3):
        return found.min_mai, found.max_mai
    return found.min_pai, found.max_pai


def _cap(t: Tester, domain: int) -> int:
    return t.get(PowercapCapGetRequest(domain), PowercapCapGetResponse).power_cap


def _unchanged(t: Tester, domain: int, flags: PowercapCapSetFlags) -> Request:
    """Return a request for the cap that there is."""
    return PowercapCapSetRequest(domain, flags, _cap(t, domain))


def _check_cap(t: Tester, domain: int, cap: int) -> None:
    found = _cap(t, domain)
    t.check(found == cap, f"the cap of power capping domain {domain} is {found}, must be {cap}")


def _configurable(t: Tester) -> list[int]:
    """Return the domains whose cap the agent may configure; it is put back."""
    configurable = [domain for domain in DOMAINS.usable(t) if _attributes(t, domain).attributes.cap_configuration]
    found = [domain for domain in configurable if t.permits(_unchanged(t, domain, SYNCHRONOUS))]
    t.need(found, "the agent may configure no power capping domain")
    for domain in found:
        t.undo(PowercapCapSetRequest(domain, SYNCHRONOUS, _cap(t, domain)))
    return found
