"""Tests of the power domain protocol, 0x11."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.protocols.power_domain import (
    POWER_OFF,
    POWER_ON,
    PROTOCOL,
    PowerDomainAttributesRequest,
    PowerDomainAttributesResponse,
    PowerDomainNameGetRequest,
    PowerState,
    PowerStateChangeRequestedNotifyRequest,
    PowerStateGetRequest,
    PowerStateGetResponse,
    PowerStateNotifyRequest,
    PowerStateSetFlags,
    PowerStateSetRequest,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)

DOMAINS = Resources(
    noun="power domain",
    count=lambda answer: answer.attributes.domains,
    attributes=PowerDomainAttributesRequest,
    name=PowerDomainNameGetRequest,
    gets=(PowerStateGetRequest,),
    notifies={
        PowerStateNotifyRequest: "change_notifications",
        PowerStateChangeRequestedNotifyRequest: "change_requested_notifications",
    },
)
add_resource_cases(CASES, DOMAINS)

SYNCHRONOUS, ASYNCHRONOUS = PowerStateSetFlags(0), PowerStateSetFlags.of(asynchronous=True)


@CASES.test("POWER_STATE_SET", changes=True)
def a_domain_is_switched_on_and_off(t: Tester) -> None:
    """A domain that can be set synchronously is in the state that was set when the answer comes."""
    for domain in _settable(t):
        for state in (POWER_ON, POWER_OFF, POWER_ON):
            t.get(PowerStateSetRequest(SYNCHRONOUS, domain, state))
            found = _state(t, domain)
            t.check(found == state, f"power domain {domain} is in state {found:#x}, was set to {state:#x}")


@CASES.test("POWER_STATE_SET", changes=True)
def switching_one_domain_leaves_the_others_alone(t: Tester) -> None:
    """No other domain changes its state with one."""
    domains = _settable(t)
    t.need(len(domains) > 1, "the agent may use one power domain only")
    others = {domain: _state(t, domain) for domain in domains[1:]}
    for state in (POWER_ON, POWER_OFF):
        t.get(PowerStateSetRequest(SYNCHRONOUS, domains[0], state))
        for domain, before in others.items():
            t.check(_state(t, domain) == before, f"power domain {domain} changed with {domains[0]}")


@CASES.test("POWER_STATE_SET", changes=True)
def a_state_that_does_not_exist_is_refused_and_changes_nothing(t: Tester) -> None:
    """A state that the specification reserves is INVALID_PARAMETERS, and the state stays what it was."""
    for domain in _settable(t):
        before = _state(t, domain)
        for state in (1 << 31, 1 << 29):
            t.refused(PowerStateSetRequest(SYNCHRONOUS, domain, PowerState(state)), Status.INVALID_PARAMETERS)
        t.check(_state(t, domain) == before, f"the state of power domain {domain} changed")


@CASES.test("POWER_STATE_SET")
def setting_the_state_of_none(t: Tester) -> None:
    """Setting the state of a power domain that does not exist is NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(PowerStateSetRequest(SYNCHRONOUS, domain, POWER_ON), Status.NOT_FOUND)


@CASES.test("POWER_STATE_SET")
def setting_a_state_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    domain = DOMAINS.first(t)
    request = PowerStateSetRequest(PowerStateSetFlags(2), domain, _state(t, domain))
    t.refused(request, Status.INVALID_PARAMETERS)


@CASES.test("POWER_STATE_SET")
def an_asynchronous_change_that_was_not_promised_is_not_supported(t: Tester) -> None:
    """A domain whose attributes do not promise asynchronous changes refuses them as NOT_SUPPORTED."""
    tried = False
    for domain in DOMAINS.usable(t):
        if not _attributes(t, domain).attributes.set_asynchronous:
            tried = True
            t.refused(PowerStateSetRequest(ASYNCHRONOUS, domain, _state(t, domain)), Status.NOT_SUPPORTED)
    t.need(tried, "every power domain can be set asynchronously")


@CASES.test("POWER_STATE_SET")
def setting_a_state_needs_a_whole_payload(t: Tester) -> None:
    """A request to set a state that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 8, 11, 16):
        t.refused_bytes(0x4, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("POWER_DOMAIN_ATTRIBUTES")
def a_state_can_be_set_in_some_way(t: Tester) -> None:
    """A domain's state can be set synchronously, asynchronously or both, or the agent has no use for it."""
    for domain in DOMAINS.usable(t):
        bits = _attributes(t, domain).attributes
        t.check(bits.set_synchronous or bits.set_asynchronous, f"power domain {domain} can be set in no way")


def _attributes(t: Tester, domain: int) -> PowerDomainAttributesResponse:
    return t.get(PowerDomainAttributesRequest(domain), PowerDomainAttributesResponse)


def _state(t: Tester, domain: int) -> PowerState:
    return t.get(PowerStateGetRequest(domain), PowerStateGetResponse).power_state


def _settable(t: Tester) -> list[int]:
    """Return the usable domains that can be set synchronously; their states are put back."""
    settable = [domain for domain in DOMAINS.usable(t) if _attributes(t, domain).attributes.set_synchronous]
    states = {domain: PowerStateSetRequest(SYNCHRONOUS, domain, _state(t, domain)) for domain in settable}
    found = [domain for domain, unchanged in states.items() if t.permits(unchanged)]
    t.need(found, "the agent may set no power domain synchronously")
    for domain in found:
        t.undo(states[domain])
    return found
