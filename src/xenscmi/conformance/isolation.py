"""Tests with several agents: what one may not do to another, and what a trusted one can give and take."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import Tester
from xenscmi.conformance.verdict import Unsupported
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    PROTOCOL,
    AccessFlags,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseResetAgentConfigurationRequest,
    BaseSetDevicePermissionsRequest,
    ResetAgentFlags,
)
from xenscmi.scmi.protocols.clock import PROTOCOL as CLOCK
from xenscmi.scmi.protocols.clock import (
    ClockAttributesRequest,
    ClockProtocolAttributesResponse,
    ClockRateGetRequest,
    ClockRateSetFlags,
    ClockRateSetRequest,
)
from xenscmi.scmi.protocols.common import ProtocolAttributesRequest
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
V2 = 0x20000
MOST_DEVICES = 64
ALLOW, DENY = AccessFlags.of(allow=True), AccessFlags(0)


@CASES.test("BASE_DISCOVER_AGENT", since=V2)
def each_channel_is_an_agent_of_its_own(t: Tester) -> None:
    """The agents behind different channels have different ids: who asks is told by the channel."""
    ids = [_own_id(each) for each in (t, *t.others())]
    t.check(len(set(ids)) == len(ids), f"the channels' agents are {ids}")


@CASES.test("CLOCK_ATTRIBUTES")
def a_clock_that_an_agent_may_not_use_is_denied(t: Tester) -> None:
    """What the platform refuses to an agent because it is another's is DENIED, in every command about it."""
    clock = t.as_protocol(CLOCK)
    hidden = [number for number in range(_clocks(clock)) if _status(clock, ClockAttributesRequest(number)) != 0]
    t.need(hidden, "the agent may use every clock")
    for number in hidden:
        clock.refused(ClockAttributesRequest(number), Status.DENIED, Status.NOT_FOUND)
        clock.refused(ClockRateGetRequest(number), Status.DENIED, Status.NOT_FOUND)
        request = ClockRateSetRequest(ClockRateSetFlags(0), number, 1)
        clock.refused(request, Status.DENIED, Status.NOT_FOUND)


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", since=V2)
def an_agent_cannot_give_itself_a_device(t: Tester) -> None:
    """An agent that is not trusted is DENIED when it asks for a device, and may use no more than before."""
    own = _own_id(t)
    t.need(not _is_trusted(t, own), "the agent is trusted")
    clock = t.as_protocol(CLOCK)
    before = _usable(clock)
    for device in range(8):
        t.refused(BaseSetDevicePermissionsRequest(own, device, ALLOW), Status.DENIED, Status.NOT_FOUND)
    t.check(_usable(clock) == before, f"it may use clocks {_usable(clock)}, before {before}")


@CASES.test("BASE_RESET_AGENT_CONFIGURATION", since=V2)
def an_agent_cannot_reset_another(t: Tester) -> None:
    """An agent that is not trusted is DENIED when it resets another."""
    t.need(not _is_trusted(t, _own_id(t)), "the agent is trusted")
    t.need_command(BaseResetAgentConfigurationRequest)
    for other in t.others():
        request = BaseResetAgentConfigurationRequest(_own_id(other), ResetAgentFlags.of(reset_permissions=True))
        t.refused(request, Status.DENIED)


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", changes=True, since=V2)
def a_trusted_agent_gives_and_takes_a_device(t: Tester) -> None:
    """A device that a trusted agent gives to another brings its clocks along, and takes them away again."""
    trusted, own, clock = _trusted(t), _own_id(t), t.as_protocol(CLOCK)
    before = _usable(clock)
    for device in range(MOST_DEVICES):
        if _status(trusted, BaseSetDevicePermissionsRequest(own, device, ALLOW)) != Status.SUCCESS:
            continue
        gained = set(_usable(clock)) - set(before)
        if gained:
            trusted.get(BaseSetDevicePermissionsRequest(own, device, DENY))
            t.check(_usable(clock) == before, f"it may use clocks {_usable(clock)}, before {before}")
            return
    raise Unsupported("no device brings a clock that the agent does not have")


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", since=V2)
def a_device_that_does_not_exist_cannot_be_given(t: Tester) -> None:
    """A trusted agent that gives a device that does not exist is told NOT_FOUND."""
    trusted = _trusted(t)
    trusted.refused(BaseSetDevicePermissionsRequest(_own_id(t), 0xFFFF_FFF0, ALLOW), Status.NOT_FOUND)


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", since=V2)
def giving_a_device_has_reserved_bits(t: Tester) -> None:
    """Reserved flags that are set are INVALID_PARAMETERS, for a device that exists."""
    trusted, own = _trusted(t), _own_id(t)
    for device in range(MOST_DEVICES):
        status = _status(trusted, BaseSetDevicePermissionsRequest(own, device, AccessFlags(1 << 31)))
        if status != Status.NOT_FOUND:
            t.check_status(status, (Status.INVALID_PARAMETERS,), f"giving device {device} with flags 0x80000000")
            return
    raise Unsupported(f"no device below {MOST_DEVICES} exists")


@CASES.test("BASE_RESET_AGENT_CONFIGURATION", changes=True, since=V2)
def a_trusted_agent_resets_another(t: Tester) -> None:
    """A trusted agent may reset another one."""
    trusted = _trusted(t)
    t.need_command(BaseResetAgentConfigurationRequest)
    trusted.get(BaseResetAgentConfigurationRequest(_own_id(t), ResetAgentFlags(0)))


def _own_id(t: Tester) -> int:
    t.need_command(BaseDiscoverAgentRequest)
    return t.get(BaseDiscoverAgentRequest(OWN_AGENT_ID), BaseDiscoverAgentResponse).agent_id


def _status(t: Tester, request: object) -> int:
    answer = t.ask(request)  # type: ignore[arg-type]
    return answer.status if isinstance(answer, Refusal) else int(Status.SUCCESS)


def _is_trusted(t: Tester, own: int) -> bool:
    """Whether an agent may manage others: what does not exist is then NOT_FOUND, not DENIED."""
    t.need_command(BaseSetDevicePermissionsRequest)
    return _status(t, BaseSetDevicePermissionsRequest(own, 0xFFFF_FFF0, ALLOW)) == Status.NOT_FOUND


def _trusted(t: Tester) -> Tester:
    for other in t.others():
        if _is_trusted(other, _own_id(other)):
            return other
    raise Unsupported("none of the channels is a trusted agent's")


def _clocks(clock: Tester) -> int:
    clock.need(ProtocolId.CLOCK in clock.channel.protocols(), "the platform has no clocks")
    return clock.get(ProtocolAttributesRequest(), ClockProtocolAttributesResponse).attributes.clocks


def _usable(clock: Tester) -> list[int]:
    return [number for number in range(_clocks(clock)) if _status(clock, ClockAttributesRequest(number)) == 0]
