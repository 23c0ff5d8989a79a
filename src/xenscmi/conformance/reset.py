"""Tests of the reset domain protocol, 0x16. What a reset did cannot be read; that it was taken can."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.resources import NO_RESOURCE, Resources, add_resource_cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.protocols.reset import (
    PROTOCOL,
    ResetDomainAttributesRequest,
    ResetDomainAttributesResponse,
    ResetDomainNameGetRequest,
    ResetFlags,
    ResetNotifyRequest,
    ResetRequest,
    ResetState,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)

DOMAINS = Resources(
    noun="reset domain",
    count=lambda answer: answer.attributes.domains,
    attributes=ResetDomainAttributesRequest,
    name=ResetDomainNameGetRequest,
    notifies={ResetNotifyRequest: "notifications"},
)
add_resource_cases(CASES, DOMAINS)

AUTONOMOUS = ResetFlags.of(autonomous=True)
ASSERT, DEASSERT = ResetFlags.of(assert_reset=True), ResetFlags(0)
COLD = ResetState(0)


@CASES.test("RESET", changes=True)
def an_autonomous_reset_is_taken(t: Tester) -> None:
    """An autonomous cold reset of a domain succeeds."""
    for domain in DOMAINS.usable(t):
        t.get(ResetRequest(domain, AUTONOMOUS, COLD))


@CASES.test("RESET", changes=True)
def a_reset_is_asserted_and_deasserted(t: Tester) -> None:
    """Asserting a reset and deasserting it succeed, also twice in a row."""
    for domain in DOMAINS.usable(t):
        t.undo(ResetRequest(domain, DEASSERT, COLD))
        for flags in (ASSERT, ASSERT, DEASSERT, DEASSERT):
            t.get(ResetRequest(domain, flags, COLD))


@CASES.test("RESET")
def a_reset_state_that_does_not_exist_is_refused(t: Tester) -> None:
    """An architectural reset state that the specification reserves is INVALID_PARAMETERS."""
    domain = DOMAINS.first(t)
    t.refused(ResetRequest(domain, AUTONOMOUS, ResetState(0x7FFF_FFFF)), Status.INVALID_PARAMETERS)


@CASES.test("RESET")
def resetting_none(t: Tester) -> None:
    """Resetting a reset domain that does not exist is NOT_FOUND."""
    for domain in (DOMAINS.number(t), NO_RESOURCE):
        t.refused(ResetRequest(domain, AUTONOMOUS, COLD), Status.NOT_FOUND)


@CASES.test("RESET")
def a_reset_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS."""
    t.refused(ResetRequest(DOMAINS.first(t), ResetFlags(1 << 31), COLD), Status.INVALID_PARAMETERS)


@CASES.test("RESET")
def an_asynchronous_reset_that_was_not_promised_is_not_supported(t: Tester) -> None:
    """A domain whose attributes do not promise asynchronous resets refuses them as NOT_SUPPORTED."""
    tried = False
    for domain in DOMAINS.usable(t):
        attributes = t.get(ResetDomainAttributesRequest(domain), ResetDomainAttributesResponse).attributes
        if not attributes.asynchronous:
            tried = True
            t.refused(
                ResetRequest(domain, ResetFlags.of(autonomous=True, asynchronous=True), COLD), Status.NOT_SUPPORTED
            )
    t.need(tried, "every reset domain can be reset asynchronously")


@CASES.test("RESET")
def a_reset_needs_a_whole_payload(t: Tester) -> None:
    """A request to reset that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 8, 11, 16):
        t.refused_bytes(0x4, bytes(size), Status.PROTOCOL_ERROR)
