"""Tests of the base protocol, 0x10: discovery, and who may manage whom."""

from __future__ import annotations

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import Tester, status_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols.base import (
    OWN_AGENT_ID,
    PLATFORM_AGENT_ID,
    PROTOCOL,
    AccessFlags,
    BaseDiscoverAgentRequest,
    BaseDiscoverAgentResponse,
    BaseDiscoverImplementationVersionRequest,
    BaseDiscoverListProtocolsRequest,
    BaseDiscoverListProtocolsResponse,
    BaseDiscoverSubVendorRequest,
    BaseDiscoverVendorRequest,
    BaseNotifyErrorsRequest,
    BaseProtocolAttributesResponse,
    BaseResetAgentConfigurationRequest,
    BaseSetDevicePermissionsRequest,
    BaseSetProtocolPermissionsRequest,
    ResetAgentFlags,
)
from xenscmi.scmi.protocols.common import NotifyEnable, ProtocolAttributesRequest, ProtocolVersionRequest
from xenscmi.scmi.status import Status

CASES = Cases(PROTOCOL)
NO_AGENT = 0xFE
NO_DEVICE = 0xFFFF_FFF0
V2 = 0x20000


@CASES.test("PROTOCOL_ATTRIBUTES")
def attributes_count_what_is_listed(t: Tester) -> None:
    """The number of protocols in the attributes is that of BASE_DISCOVER_LIST_PROTOCOLS."""
    attributes = t.get(ProtocolAttributesRequest(), BaseProtocolAttributesResponse).attributes
    listed = _listed(t)
    t.check(
        attributes.protocols == len(listed),
        f"the attributes count {attributes.protocols} protocols, {len(listed)} are listed",
    )


@CASES.test("BASE_DISCOVER_VENDOR")
def vendor_is_a_name(t: Tester) -> None:
    """The vendor is a name of printable ASCII, with a zero byte after it."""
    answer = t.send(0x3)
    _check_name(t, answer.payload[4:], empty=False)
    t.get(BaseDiscoverVendorRequest())


@CASES.test("BASE_DISCOVER_SUB_VENDOR")
def sub_vendor_is_a_name_or_empty(t: Tester) -> None:
    """The sub-vendor is a name of printable ASCII or empty, with a zero byte after it."""
    _check_name(t, t.send(0x4).payload[4:], empty=True)
    t.get(BaseDiscoverSubVendorRequest())


@CASES.test("BASE_DISCOVER_IMPLEMENTATION_VERSION")
def implementation_version_is_readable(t: Tester) -> None:
    """The implementation version is readable, and the same each time."""
    request = BaseDiscoverImplementationVersionRequest()
    t.check(t.get(request) == t.get(request), "it changed between two messages")


@CASES.test("BASE_DISCOVER_VENDOR")
def discovery_takes_no_payload(t: Tester) -> None:
    """Vendor, sub-vendor and implementation version are PROTOCOL_ERROR when a payload is brought."""
    for message_id in (0x3, 0x4, 0x5):
        t.refused_bytes(message_id, bytes(4), Status.PROTOCOL_ERROR)


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def listed_protocols_answer(t: Tester) -> None:
    """Every listed protocol answers PROTOCOL_VERSION."""
    for protocol_id in _listed(t):
        status = status_of(t.send(0x0, protocol_id=protocol_id))
        t.check_status(status, (Status.SUCCESS,), f"PROTOCOL_VERSION of listed protocol {protocol_id:#x}")


@CASES.test("status codes")
def protocols_that_do_not_exist_are_not_supported(t: Tester) -> None:
    """A command of a protocol that the specification reserves is NOT_SUPPORTED."""
    for protocol_id in (0x0, 0x0F, 0x7F):
        status = status_of(t.send(0x0, protocol_id=protocol_id))
        t.check_status(status, (Status.NOT_SUPPORTED,), f"PROTOCOL_VERSION of protocol {protocol_id:#x}")


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def the_list_leaves_base_out_and_repeats_nothing(t: Tester) -> None:
    """The list does not have the base protocol, and each other one once."""
    listed = _listed(t)
    t.check(ProtocolId.BASE not in listed, "the base protocol is listed")
    t.check(len(set(listed)) == len(listed), f"a protocol is listed twice: {listed}")


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def the_list_is_padded_with_zeros(t: Tester) -> None:
    """The answer has whole words: four protocols each, the last filled up with zeros."""
    payload = t.send(0x6, bytes(4)).payload
    t.check(len(payload) % 4 == 0, f"the answer has {len(payload)} bytes")
    count = int.from_bytes(payload[4:8], "little")
    t.check(len(payload) == 8 + (count + 3) // 4 * 4, f"{count} protocols are in {len(payload) - 8} bytes")
    t.check(not any(payload[8 + count :]), f"the bytes after the last protocol are {payload[8 + count :].hex()}")


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def skipping_protocols_leaves_out_the_first(t: Tester) -> None:
    """What comes after skipping n protocols is the list without its first n."""
    listed = _listed(t)
    for skip in range(len(listed)):
        found = t.get(BaseDiscoverListProtocolsRequest(skip), BaseDiscoverListProtocolsResponse).protocols
        t.check(list(found) == listed[skip : skip + len(found)], f"after {skip}: {list(found)} of {listed}")


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def skipping_all_protocols_leaves_none(t: Tester) -> None:
    """Skipping as many protocols as there are is a success without any."""
    answer = t.get(BaseDiscoverListProtocolsRequest(len(_listed(t))), BaseDiscoverListProtocolsResponse)
    t.check(not answer.protocols, f"still {len(answer.protocols)} protocols")


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def skipping_more_protocols_than_there_are_is_refused(t: Tester) -> None:
    """Skipping more protocols than there are is INVALID_PARAMETERS."""
    for skip in (len(_listed(t)) + 1, 0xFFFF_FFFF):
        t.refused(BaseDiscoverListProtocolsRequest(skip), Status.INVALID_PARAMETERS)


@CASES.test("BASE_DISCOVER_LIST_PROTOCOLS")
def the_list_needs_a_whole_payload(t: Tester) -> None:
    """A request for the list that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 3, 5, 8):
        t.refused_bytes(0x6, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("BASE_DISCOVER_AGENT")
def agent_0_is_the_platform(t: Tester) -> None:
    """The name of agent 0 begins with "platform"."""
    t.need_command(BaseDiscoverAgentRequest)
    answer = t.ask(BaseDiscoverAgentRequest(PLATFORM_AGENT_ID))
    name = getattr(answer, "name", "")
    t.check(name.startswith("platform"), f"agent 0 is called {name!r}" if name else f"the answer is {answer}")


@CASES.test("BASE_DISCOVER_AGENT", since=V2)
def an_agent_learns_its_own_id(t: Tester) -> None:
    """Asked for 0xFFFFFFFF, the platform tells the caller's own id and name, as when asked for that id."""
    own = _own(t)
    t.check(own.agent_id not in (PLATFORM_AGENT_ID, OWN_AGENT_ID), f"the agent's own id is {own.agent_id:#x}")
    t.check(t.get(BaseDiscoverAgentRequest(own.agent_id)) == own, "asked for that id, it tells something else")


@CASES.test("BASE_DISCOVER_AGENT")
def an_agent_that_does_not_exist_is_not_found(t: Tester) -> None:
    """The name of an agent that does not exist is NOT_FOUND."""
    t.need_command(BaseDiscoverAgentRequest)
    t.refused(BaseDiscoverAgentRequest(NO_AGENT), Status.NOT_FOUND)


@CASES.test("BASE_DISCOVER_AGENT")
def discovering_an_agent_needs_a_whole_payload(t: Tester) -> None:
    """A request for an agent that is too short or too long is a PROTOCOL_ERROR."""
    t.need_command(BaseDiscoverAgentRequest)
    for size in (0, 3, 8):
        t.refused_bytes(0x7, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("BASE_NOTIFY_ERRORS", changes=True)
def error_notifications_can_be_turned_on_and_off(t: Tester) -> None:
    """Where the command exists, it succeeds."""
    t.need_command(BaseNotifyErrorsRequest)
    t.undo(BaseNotifyErrorsRequest(NotifyEnable(0)))
    t.get(BaseNotifyErrorsRequest(NotifyEnable.of(enable=True)))


@CASES.test("BASE_NOTIFY_ERRORS")
def error_notifications_have_reserved_bits(t: Tester) -> None:
    """Reserved bits of notify_enable that are set are INVALID_PARAMETERS."""
    t.need_command(BaseNotifyErrorsRequest)
    t.refused(BaseNotifyErrorsRequest(NotifyEnable(2)), Status.INVALID_PARAMETERS)


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", since=V2)
def an_untrusted_agent_may_not_set_device_permissions(t: Tester) -> None:
    """An agent that may not manage others is DENIED, or told NOT_FOUND or INVALID_PARAMETERS of what does not exist."""
    t.need_command(BaseSetDevicePermissionsRequest)
    request = BaseSetDevicePermissionsRequest(NO_AGENT, NO_DEVICE, AccessFlags.of(allow=True))
    t.refused(request, Status.DENIED, Status.NOT_FOUND, Status.INVALID_PARAMETERS)


@CASES.test("BASE_SET_DEVICE_PERMISSIONS", since=V2)
def setting_device_permissions_needs_a_whole_payload(t: Tester) -> None:
    """A request that is too short or too long is a PROTOCOL_ERROR."""
    t.need_command(BaseSetDevicePermissionsRequest)
    for size in (0, 8, 11, 16):
        t.refused_bytes(0x9, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("BASE_SET_PROTOCOL_PERMISSIONS", since=V2)
def an_untrusted_agent_may_not_set_protocol_permissions(t: Tester) -> None:
    """An agent that may not manage others is DENIED, or told NOT_FOUND or INVALID_PARAMETERS of what does not exist."""
    t.need_command(BaseSetProtocolPermissionsRequest)
    request = BaseSetProtocolPermissionsRequest(NO_AGENT, NO_DEVICE, ProtocolId.CLOCK, AccessFlags.of(allow=True))
    t.refused(request, Status.DENIED, Status.NOT_FOUND, Status.INVALID_PARAMETERS)


@CASES.test("BASE_SET_PROTOCOL_PERMISSIONS", since=V2)
def setting_protocol_permissions_needs_a_whole_payload(t: Tester) -> None:
    """A request that is too short or too long is a PROTOCOL_ERROR."""
    t.need_command(BaseSetProtocolPermissionsRequest)
    for size in (0, 12, 15, 20):
        t.refused_bytes(0xA, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("BASE_RESET_AGENT_CONFIGURATION", since=V2)
def an_agent_that_does_not_exist_cannot_be_reset(t: Tester) -> None:
    """Resetting an agent that does not exist is NOT_FOUND, or DENIED to who may not manage others."""
    t.need_command(BaseResetAgentConfigurationRequest)
    request = BaseResetAgentConfigurationRequest(NO_AGENT, ResetAgentFlags(0))
    t.refused(request, Status.NOT_FOUND, Status.DENIED, Status.INVALID_PARAMETERS)


@CASES.test("BASE_RESET_AGENT_CONFIGURATION", since=V2)
def resetting_an_agent_needs_a_whole_payload(t: Tester) -> None:
    """A request that is too short or too long is a PROTOCOL_ERROR."""
    t.need_command(BaseResetAgentConfigurationRequest)
    for size in (0, 4, 7, 12):
        t.refused_bytes(0xB, bytes(size), Status.PROTOCOL_ERROR)


@CASES.test("PROTOCOL_VERSION")
def many_messages_in_a_row_are_all_answered(t: Tester) -> None:
    """A hundred messages in a row are answered, each as the one before."""
    answers = {t.send(0x0, token=token).payload for token in range(100)}
    t.check(len(answers) == 1, f"there were {len(answers)} different answers")
    t.get(ProtocolVersionRequest())


def _listed(t: Tester) -> list[int]:
    found: list[int] = []
    for part in t.parts(BaseDiscoverListProtocolsRequest(0), BaseDiscoverListProtocolsResponse):
        found += part.protocols
    return found


def _own(t: Tester) -> BaseDiscoverAgentResponse:
    t.need_command(BaseDiscoverAgentRequest)
    answer = t.ask(BaseDiscoverAgentRequest(OWN_AGENT_ID))
    t.check(not isinstance(answer, Refusal), f"the agent's own id is {answer}")
    assert isinstance(answer, BaseDiscoverAgentResponse)
    return answer


def _check_name(t: Tester, raw: bytes, *, empty: bool) -> None:
    name, zero, rest = raw.partition(b"\0")
    t.check(len(raw) == 16, f"the name has {len(raw)} bytes, must have 16")
    t.check(zero, f"the name {raw!r} does not end in a zero byte")
    t.check(not rest.strip(b"\0"), f"after the name {name!r} comes {rest!r}")
    t.check(all(0x20 <= byte < 0x7F for byte in name), f"the name {name!r} is not printable ASCII")
    t.check(name or empty, "the name is empty")
