"""What the specification asks of every protocol alike."""

from __future__ import annotations

from functools import lru_cache

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import Tester, status_of
from xenscmi.scmi.header import TOKENS, Header, MessageType, ProtocolId
from xenscmi.scmi.message import Protocol, Refusal
from xenscmi.scmi.protocols.common import (
    NegotiateProtocolVersionRequest,
    ProtocolAttributesRequest,
    ProtocolMessageAttributesRequest,
    ProtocolVersionRequest,
    ProtocolVersionResponse,
    Version,
)
from xenscmi.scmi.shmem import Posted
from xenscmi.scmi.status import Status, status_name

_VERSION, _ATTRIBUTES, _MESSAGE_ATTRIBUTES = "PROTOCOL_VERSION", "PROTOCOL_ATTRIBUTES", "PROTOCOL_MESSAGE_ATTRIBUTES"
_NEGOTIATE = "NEGOTIATE_PROTOCOL_VERSION"
_NO_COMMAND = 0xEE  # a message id that no protocol has

MANDATORY: dict[int, tuple[int, ...]] = {
    ProtocolId.BASE: (0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6),
    ProtocolId.POWER_DOMAIN: (0x0, 0x1, 0x2, 0x3, 0x4, 0x5),
    ProtocolId.SYSTEM_POWER: (0x0, 0x1, 0x2, 0x3),
    ProtocolId.PERFORMANCE: (0x0, 0x1, 0x2, 0x3, 0x4),
    ProtocolId.CLOCK: (0x0, 0x1, 0x2, 0x3, 0x4, 0x6),
    ProtocolId.SENSOR: (0x0, 0x1, 0x2, 0x3, 0x6),
    ProtocolId.RESET: (0x0, 0x1, 0x2, 0x3, 0x4),
    ProtocolId.VOLTAGE: (0x0, 0x1, 0x2, 0x3, 0x4, 0x8),
    ProtocolId.POWER_CAPPING: (0x0, 0x1, 0x2, 0x3, 0x4),
    ProtocolId.PIN_CONTROL: (0x0, 0x1, 0x2, 0x3, 0x4, 0x5),
}
"""The commands that a platform must have where it has the protocol."""


@lru_cache
def cases_of(protocol: Protocol) -> Cases:
    """Return the common tests for one protocol."""
    cases = Cases(protocol)
    cases.test(_VERSION)(version_is_one_that_exists)
    cases.test(_VERSION)(version_takes_no_payload)
    cases.test(_VERSION)(version_is_the_same_each_time)
    cases.test("message header")(header_comes_back_as_it_was_sent)
    cases.test("message header")(delayed_response_and_notification_are_not_commands)
    cases.test(_ATTRIBUTES)(attributes_are_readable)
    cases.test(_ATTRIBUTES)(attributes_take_no_payload)
    cases.test(_MESSAGE_ATTRIBUTES)(mandatory_commands_exist)
    cases.test(_MESSAGE_ATTRIBUTES)(unknown_command_has_no_attributes)
    cases.test(_MESSAGE_ATTRIBUTES)(message_attributes_need_a_whole_payload)
    cases.test(_MESSAGE_ATTRIBUTES)(commands_that_have_attributes_exist)
    cases.test("status codes")(unknown_command_is_refused)
    cases.test(_NEGOTIATE)(own_version_can_be_negotiated)
    cases.test(_NEGOTIATE)(version_of_the_future_cannot_be_negotiated)
    return cases


def version_is_one_that_exists(t: Tester) -> None:
    """The version is one that a specification has had: its major part is neither 0 nor too high."""
    answer = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    t.check(answer.version.major >= 1, f"the version is {answer.version:#x}: its major part is 0")
    newest = 0x4
    t.check(
        answer.version.major <= newest, f"the version is {answer.version:#x}; no protocol has had more than {newest}.x"
    )


def version_takes_no_payload(t: Tester) -> None:
    """A request for the version that brings a payload is a PROTOCOL_ERROR."""
    t.refused_bytes(0x0, bytes(4), Status.PROTOCOL_ERROR)


def version_is_the_same_each_time(t: Tester) -> None:
    """The version does not change by being asked for."""
    first = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    second = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    t.check(first == second, f"the version was {first.version:#x}, and then {second.version:#x}")


def header_comes_back_as_it_was_sent(t: Tester) -> None:
    """The answer has the request's header, its token included, whether the request is served or refused."""
    for message_id in (0x0, _NO_COMMAND):
        for token in (0, 1, TOKENS - 1):
            sent = Header.of(protocol_id=t.protocol.id, message_id=message_id, token=token)
            answer = t.send(message_id, token=token)
            t.check(answer.header == sent, f"the header {sent:#010x} came back as {answer.header:#010x}")


def delayed_response_and_notification_are_not_commands(t: Tester) -> None:
    """What an agent sends as a delayed response or a notification is not served as a command."""
    for kind in (MessageType.DELAYED_RESPONSE, MessageType.NOTIFICATION):
        header = Header.of(protocol_id=t.protocol.id, message_id=0x0, message_type=kind)
        status = status_of(t.channel.exchange(Posted(header, b"")))
        t.check(status != Status.SUCCESS, f"a message of type {kind.value} was served as PROTOCOL_VERSION")


def attributes_are_readable(t: Tester) -> None:
    """PROTOCOL_ATTRIBUTES succeeds, and its reserved bits are 0."""
    answer = t.get(ProtocolAttributesRequest())
    t.check(not answer.reserved, f"reserved bits are set: {answer.reserved}")


def attributes_take_no_payload(t: Tester) -> None:
    """A request for the attributes that brings a payload is a PROTOCOL_ERROR."""
    t.refused_bytes(0x1, bytes(4), Status.PROTOCOL_ERROR)


def mandatory_commands_exist(t: Tester) -> None:
    """Every mandatory command of the protocol has message attributes."""
    missing = [message_id for message_id in MANDATORY[t.protocol.id] if not t.has_command(message_id)]
    t.check(not missing, f"commands without attributes: {', '.join(map(hex, missing))}")


def unknown_command_has_no_attributes(t: Tester) -> None:
    """The attributes of a command that does not exist are NOT_FOUND."""
    t.refused(ProtocolMessageAttributesRequest(_NO_COMMAND), Status.NOT_FOUND)
    t.refused(ProtocolMessageAttributesRequest(0xFFFF_FFFF), Status.NOT_FOUND)


def message_attributes_need_a_whole_payload(t: Tester) -> None:
    """A request for message attributes that is too short or too long is a PROTOCOL_ERROR."""
    for size in (0, 3, 8):
        t.refused_bytes(0x2, bytes(size), Status.PROTOCOL_ERROR)


def commands_that_have_attributes_exist(t: Tester) -> None:
    """A command whose attributes can be read is served: an empty payload is judged by its size, not unknown."""
    for command in t.protocol.commands_of(t.version).values():
        if not t.has_command(command.id):
            continue
        answer = t.send(command.id, bytes(61))
        status = status_of(answer)
        t.check(status == Status.PROTOCOL_ERROR, f"{command.name} with a payload of 61 bytes is {status_name(status)}")


def unknown_command_is_refused(t: Tester) -> None:
    """A command that the protocol does not have is NOT_SUPPORTED or NOT_FOUND, whatever its payload."""
    for payload in (b"", bytes(4), bytes(64)):
        t.refused_bytes(_NO_COMMAND, payload, Status.NOT_SUPPORTED, Status.NOT_FOUND)


def own_version_can_be_negotiated(t: Tester) -> None:
    """The version that the platform reports is one that it agrees to."""
    t.need_command(NegotiateProtocolVersionRequest)
    answer = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    t.get(NegotiateProtocolVersionRequest(answer.version))


def version_of_the_future_cannot_be_negotiated(t: Tester) -> None:
    """A version that no platform can know is NOT_SUPPORTED, and the version in use stays what it was."""
    t.need_command(NegotiateProtocolVersionRequest)
    before = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    answer = t.ask(NegotiateProtocolVersionRequest(Version.of(major=0x7FFF)))
    status = answer.status if isinstance(answer, Refusal) else Status.SUCCESS
    t.check_status(status, (Status.NOT_SUPPORTED,), "negotiating version 0x7fff0000")
    after = t.get(ProtocolVersionRequest(), ProtocolVersionResponse)
    t.check(after == before, f"the version was {before.version:#x}, and is now {after.version:#x}")
