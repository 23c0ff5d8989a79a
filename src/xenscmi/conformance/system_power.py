"""Tests of the system power protocol, 0x12. None of them shuts the system down."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.protocols.common import NotifyEnable, ProtocolMessageAttributesRequest
from xenscmi.scmi.protocols.system_power import (
    PROTOCOL,
    SystemPowerFlags,
    SystemPowerStateGetRequest,
    SystemPowerStateGetResponse,
    SystemPowerStateNotifyRequest,
    SystemPowerStateSetRequest,
    SystemState,
)
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
NO_STATE = 0x7FFF_FFFF


@CASES.test("SYSTEM_POWER_STATE_SET")
def a_state_that_does_not_exist_is_refused(t: Tester) -> None:
    """A system state that the specification reserves is INVALID_PARAMETERS, or DENIED to who may not set any."""
    t.refused(SystemPowerStateSetRequest(SystemPowerFlags(0), NO_STATE), Status.INVALID_PARAMETERS, Status.DENIED)


@CASES.test("SYSTEM_POWER_STATE_SET")
def setting_a_state_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS, or DENIED to who may not set any state."""
    request = SystemPowerStateSetRequest(SystemPowerFlags(1 << 31), NO_STATE)
    t.refused(request, Status.INVALID_PARAMETERS, Status.DENIED)


@CASES.test("SYSTEM_POWER_STATE_SET")
def setting_a_state_needs_a_whole_payload(t: Tester) -> None:
    """A request to set a state that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 4, 7, 12):
        t.refused_bytes(0x3, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("SYSTEM_POWER_STATE_GET")
def the_state_is_one_that_exists(t: Tester) -> None:
    """The system state is one of the specification's, or the vendor's own."""
    t.need_command(SystemPowerStateGetRequest)
    state = t.get(SystemPowerStateGetRequest(), SystemPowerStateGetResponse).system_state
    known = [each.value for each in SystemState]
    t.check(state in known or state >> 31, f"the system state is {state:#x}")


@CASES.test("SYSTEM_POWER_STATE_GET")
def reading_the_state_takes_no_payload(t: Tester) -> None:
    """A request for the state that brings a payload is a PROTOCOL_ERROR."""
    t.need_command(SystemPowerStateGetRequest)
    t.refused_bytes(0x4, bytes(4), Status.PROTOCOL_ERROR)


@CASES.test("SYSTEM_POWER_STATE_NOTIFY", changes=True)
def notifications_are_there_or_not_supported(t: Tester) -> None:
    """Where notifications are missing, asking for them is NOT_SUPPORTED; where not, it succeeds."""
    if t.has_command(0x5):
        t.undo(SystemPowerStateNotifyRequest(NotifyEnable(0)))
        t.get(SystemPowerStateNotifyRequest(NotifyEnable.of(enable=True)))
    else:
        t.refused(SystemPowerStateNotifyRequest(NotifyEnable(1)), Status.NOT_SUPPORTED, Status.NOT_FOUND)


@CASES.test("PROTOCOL_MESSAGE_ATTRIBUTES")
def attributes_of_missing_notifications_are_not_supported(t: Tester) -> None:
    """The message attributes of missing notifications are NOT_SUPPORTED or NOT_FOUND."""
    t.need(not t.has_command(0x5), "the platform has notifications")
    t.refused(ProtocolMessageAttributesRequest(0x5), Status.NOT_SUPPORTED, Status.NOT_FOUND)
