"""All messages at once: the tables, round trips of any values, and any bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenscmi.scmi.bitfields import BitFields
from xenscmi.scmi.codec import Fixed, IntegerList, OptionalRecord, PayloadError, Structure
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Notification, Protocol, Refusal, Response, decode_answer
from xenscmi.scmi.protocols import command, protocol
from xenscmi.scmi.protocols import common as c
from xenscmi.scmi.status import Status, status_name


def rows_of(found: Protocol) -> list[Command | Notification]:
    return [*found.commands, *found.notifications]


PROTOCOLS = [found for id in ProtocolId if (found := protocol(id))]
ROWS = [row for found in PROTOCOLS for row in rows_of(found)]
RANGES = {"B": (0, 255), "H": (0, 0xFFFF), "I": (0, 2**32 - 1), "Q": (0, 2**64 - 1), "i": (-(2**31), 2**31 - 1)}
RANGES["q"] = (-(2**63), 2**63 - 1)

# Message ids of DEN0056 3.2, by protocol, from 0x3 on.
COMMANDS = {
    0x10: "BASE_DISCOVER_VENDOR BASE_DISCOVER_SUB_VENDOR BASE_DISCOVER_IMPLEMENTATION_VERSION "
    "BASE_DISCOVER_LIST_PROTOCOLS BASE_DISCOVER_AGENT BASE_NOTIFY_ERRORS BASE_SET_DEVICE_PERMISSIONS "
    "BASE_SET_PROTOCOL_PERMISSIONS BASE_RESET_AGENT_CONFIGURATION",
    0x11: "POWER_DOMAIN_ATTRIBUTES POWER_STATE_SET POWER_STATE_GET POWER_STATE_NOTIFY "
    "POWER_STATE_CHANGE_REQUESTED_NOTIFY POWER_DOMAIN_NAME_GET",
    0x12: "SYSTEM_POWER_STATE_SET SYSTEM_POWER_STATE_GET SYSTEM_POWER_STATE_NOTIFY",
    0x13: "PERFORMANCE_DOMAIN_ATTRIBUTES PERFORMANCE_DESCRIBE_LEVELS PERFORMANCE_LIMITS_SET PERFORMANCE_LIMITS_GET "
    "PERFORMANCE_LEVEL_SET PERFORMANCE_LEVEL_GET PERFORMANCE_NOTIFY_LIMITS PERFORMANCE_NOTIFY_LEVEL "
    "PERFORMANCE_DESCRIBE_FASTCHANNEL PERFORMANCE_DOMAIN_NAME_GET",
    0x14: "CLOCK_ATTRIBUTES CLOCK_DESCRIBE_RATES CLOCK_RATE_SET CLOCK_RATE_GET CLOCK_CONFIG_SET CLOCK_NAME_GET "
    "CLOCK_RATE_NOTIFY CLOCK_RATE_CHANGE_REQUESTED_NOTIFY CLOCK_CONFIG_GET CLOCK_POSSIBLE_PARENTS_GET CLOCK_PARENT_SET "
    "CLOCK_PARENT_GET CLOCK_GET_PERMISSIONS",
    0x15: "SENSOR_DESCRIPTION_GET SENSOR_TRIP_POINT_NOTIFY SENSOR_TRIP_POINT_CONFIG SENSOR_READING_GET "
    "SENSOR_AXIS_DESCRIPTION_GET SENSOR_LIST_UPDATE_INTERVALS SENSOR_CONFIG_GET SENSOR_CONFIG_SET "
    "SENSOR_CONTINUOUS_UPDATE_NOTIFY SENSOR_NAME_GET SENSOR_AXIS_NAME_GET",
    0x16: "RESET_DOMAIN_ATTRIBUTES RESET RESET_NOTIFY RESET_DOMAIN_NAME_GET",
    0x17: "VOLTAGE_DOMAIN_ATTRIBUTES VOLTAGE_DESCRIBE_LEVELS VOLTAGE_CONFIG_SET VOLTAGE_CONFIG_GET VOLTAGE_LEVEL_SET "
    "VOLTAGE_LEVEL_GET VOLTAGE_DOMAIN_NAME_GET",
    0x18: "POWERCAP_DOMAIN_ATTRIBUTES POWERCAP_CAP_GET POWERCAP_CAP_SET POWERCAP_PAI_GET POWERCAP_PAI_SET "
    "POWERCAP_DOMAIN_NAME_GET POWERCAP_MEASUREMENTS_GET POWERCAP_CAP_NOTIFY POWERCAP_MEASUREMENTS_NOTIFY "
    "POWERCAP_DESCRIBE_FASTCHANNEL",
    0x19: "PINCTRL_ATTRIBUTES PINCTRL_LIST_ASSOCIATIONS PINCTRL_SETTINGS_GET PINCTRL_SETTINGS_CONFIGURE "
    "PINCTRL_REQUEST PINCTRL_RELEASE PINCTRL_NAME_GET PINCTRL_SET_PERMISSIONS",
    0x1B: "TELEMETRY_LIST_SHMTI TELEMETRY_DE_DESCRIPTION TELEMETRY_LIST_UPDATE_INTERVALS TELEMETRY_DE_CONFIGURE "
    "TELEMETRY_DE_ENABLED_LIST TELEMETRY_CONFIG_SET TELEMETRY_CONFIG_GET TELEMETRY_RESET",
}
# Commands that came after version 1.0 of their protocol: the first version that has them.
SINCE = {
    0x10: {0x9: 0x20000, 0xA: 0x20000, 0xB: 0x20000, 0x10: 0x20001},
    0x11: {0x7: 0x20000, 0x8: 0x30000, 0x10: 0x30001},
    0x12: {0x10: 0x20001},
    0x13: {0xB: 0x20000, 0xC: 0x30000, 0x10: 0x40000},
    0x14: dict.fromkeys((0x8, 0x9, 0xA), 0x20000) | dict.fromkeys((0xB, 0xC, 0xD, 0xE, 0xF, 0x10), 0x30000),
    0x15: dict.fromkeys((0x7, 0x8, 0x9, 0xA, 0xB), 0x20000) | {0xC: 0x30000, 0xD: 0x30000, 0x10: 0x30001},
    0x16: {0x6: 0x30000, 0x10: 0x30001},
    0x17: {0x9: 0x20000, 0x10: 0x20001},
    0x18: {0x10: 0x20000},
    0x19: {},
    0x1B: {},
}
COMMON = ["PROTOCOL_VERSION", "PROTOCOL_ATTRIBUTES", "PROTOCOL_MESSAGE_ATTRIBUTES"]


def classes_of(row: Command | Notification) -> list[type[Structure]]:
    if isinstance(row, Notification):
        return [row.message]
    return [row.request, row.response, *([row.delayed] if row.delayed else [])]


CLASSES = list({kind: None for row in ROWS for kind in classes_of(row)})


@pytest.mark.parametrize("found", PROTOCOLS, ids=lambda found: found.name)
def test_the_newest_version_has_the_commands_of_the_specification(found: Protocol) -> None:
    named = dict(enumerate([*COMMON, *COMMANDS[found.id].split()]))
    assert {id: row.name for id, row in found.commands_of().items()} == {**named, 0x10: "NEGOTIATE_PROTOCOL_VERSION"}
    first = {id: min(row.since for row in found.commands if row.id == id) for id in found.commands_of()}
    assert {id: since for id, since in first.items() if since > 0x10000} == SINCE[found.id]


@pytest.mark.parametrize("found", PROTOCOLS, ids=lambda found: found.name)
@pytest.mark.parametrize("version", [0x10000, 0x20000, 0x20001, 0x30000, 0x30001, 0x40000])
def test_every_version_has_a_message_once(found: Protocol, version: int) -> None:
    commands = [row.id for row in found.commands if row.exists_in(version)]
    notifications = [row.id for row in found.notifications if row.exists_in(version)]
    assert len(commands) == len(set(commands)) == len(found.commands_of(version))
    assert len(notifications) == len(set(notifications)) == len(found.notifications_of(version))
    assert {row.protocol_id for row in found.commands + found.notifications} == {found.id}


def test_look_up() -> None:
    found = command(0x14, 0x7)
    assert found is not None
    assert found.request.__name__ == "ClockConfigSetRequest"
    older = command(0x14, 0x7, 0x20000)
    assert older is not None
    assert older.request.__name__ == "ClockConfigSetRequestV1"
    assert command(0x14, 0xB, 0x20000) is None
    assert command(0x14, 0x11) is None
    assert command(0x80, 0x0) is None


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_names_follow_the_specification(kind: type[Structure]) -> None:
    """Names are the command's plus the direction, and everything is described."""
    assert kind.__doc__
    assert kind.__doc__.strip().endswith(".")
    for field in kind.codec.fields.values():
        assert field.doc
        assert all(part.doc for part in (field.word.parts.values() if isinstance(field, Fixed) and field.word else ()))
    for row in ROWS:
        if isinstance(row, Command) and kind in (row.request, row.response):
            stem = "".join(word.capitalize() for word in row.name.split("_"))
            assert stem in kind.__name__ or kind.__name__ == "ResetRequest"


@pytest.mark.parametrize(
    ("message", "octets"),
    [
        (c.ProtocolVersionRequest(), ""),
        (c.ProtocolVersionResponse(c.Version(0x30001)), "00000000 01000300"),
        (c.ProtocolAttributesRequest(), ""),
        (c.ProtocolMessageAttributesRequest(7), "07000000"),
        (c.ProtocolMessageAttributesResponse(c.MessageAttributes.of(fast_channel=True)), "00000000 01000000"),
        (c.NegotiateProtocolVersionRequest(c.Version.of(major=2, minor=1)), "01000200"),
        (c.NegotiateProtocolVersionResponse(), "00000000"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_common_messages(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def values(kind: Fixed) -> st.SearchStrategy[object]:
    """Any value of a field of fixed size."""
    if kind.word:
        return st.integers(0, 2 ** (8 * kind.word.size) - 1).map(kind.word)
    if kind.code.endswith("s"):
        size = int(kind.code[:-1])
        return st.binary(max_size=size).filter(lambda data: b"\0" not in data).map(to_text)
    return st.integers(*RANGES[kind.code])


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@st.composite
def structures(draw: st.DrawFn, kind: type[Structure]) -> Structure:
    """Any value of a structure whose counts do not lie."""
    fields: dict[str, object] = {name: draw(values(field)) for name, field in kind.codec.head.items()}
    for name, field in kind.codec.tail.items():
        if isinstance(field, OptionalRecord):
            there = field.is_present(lambda path: part(fields, path))
            fields[name] = draw(structures(field.element)) if there else None
            continue
        entry = st.integers(*RANGES[field.code]) if isinstance(field, IntegerList) else structures(field.element)
        entries = tuple(draw(st.lists(entry, max_size=4)))
        fields[name] = entries
        if field.count:
            set_part(fields, field.count, len(entries))
    return kind(**fields)


def part(fields: dict[str, object], path: str) -> int:
    name, _, bits = path.partition(".")
    return int(getattr(fields[name], bits))


def set_part(fields: dict[str, object], path: str, count: int) -> None:
    name, _, bits = path.partition(".")
    found = fields[name]
    if not bits:
        fields[name] = count
        return
    assert isinstance(found, BitFields)
    group = found.parts[bits]
    fields[name] = type(found)(found & ~(group.mask << group.low) | group.place(count))


@settings(max_examples=10)
@given(st.data())
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_any_values_come_back(kind: type[Structure], data: st.DataObject) -> None:
    message = data.draw(structures(kind))
    assert kind.decode(message.encode()) == message
    assert hash(message) == hash(kind.decode(message.encode()))


@settings(max_examples=10)
@given(st.data())
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_any_bytes_are_a_message_or_our_error(kind: type[Structure], data: st.DataObject) -> None:
    size = kind.codec.size
    payload = data.draw(st.binary(max_size=104) | st.binary(min_size=size, max_size=size))
    if issubclass(kind, Response):
        payload = bytes(4) + payload
    try:
        message = kind.decode(payload)
    except PayloadError:
        return
    assert kind.decode(message.encode()) == message
    assert len(message.encode()) == len(payload)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_lengths_that_no_message_has(kind: type[Structure]) -> None:
    size = kind.codec.size + 4 * issubclass(kind, Response)
    for length in range(size):
        with pytest.raises(PayloadError):
            kind.decode(bytes(length))
    if not kind.codec.tail:
        kind.decode(bytes(size))
        with pytest.raises(PayloadError, match=f"{kind.codec.size} bytes expected, {kind.codec.size + 1} given"):
            kind.decode(bytes(size + 1))


@given(st.binary(max_size=32))
def test_any_answer_is_a_response_a_refusal_or_our_error(payload: bytes) -> None:
    try:
        answer = decode_answer(c.ProtocolVersionResponse, payload)
    except PayloadError:
        assert len(payload) < 4 or (len(payload) != 8 and payload[:4] == bytes(4))
    else:
        assert answer.encode() == payload
        assert isinstance(answer, Refusal) == (payload[:4] != bytes(4))


def test_refusals() -> None:
    assert Refusal(Status.DENIED).encode() == bytes.fromhex("fdffffff")
    assert decode_answer(c.ProtocolVersionResponse, bytes.fromhex("fdffffff")) == Refusal(-3)
    assert decode_answer(c.ProtocolVersionResponse, bytes.fromhex("fdffffff 00000000")) == Refusal(-3, bytes(4))
    with pytest.raises(PayloadError, match="SUCCESS"):
        c.ProtocolVersionResponse.decode(bytes.fromhex("fdffffff 00000000"))


def test_status_names() -> None:
    assert [status_name(status) for status in (0, -11, -12, -13, -128)] == [
        "SUCCESS (0)",
        "IN_USE (-11)",
        "PARTIAL (-12)",
        "reserved status (-13)",
        "vendor status (-128)",
    ]
