"""Dumps of all kinds become the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.diagnostics import XenscmiError
from xenscmi.scmi import shmem
from xenscmi.scmi.describe import Decoded, Direction, decode, describe
from xenscmi.scmi.dump import decode_text
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols import base, clock, performance, reset, sensor, sensor_parts
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.source import Source


def messages(text: str) -> list[Decoded]:
    return [found.decoded for found in decode_text(Source("dump", text))]


def words(text: str) -> list[str]:
    return [line for decoded in messages(text) for line in describe(decoded)]


TRACE = """\
# tracer: nop
 cat-224 [002] ..... 147.755847: scmi_msg_dump: pt=15 t=CMND msg_id=06 seq=0021 s=0 pyld=0100000000000000
 cat-224 [002] ..... 147.755850: scmi_xfer_begin: pt=15 msg_id=06 seq=0021 transfer_id=21 poll=0
 <idle>-0 [000] d.h2. 147.758311: scmi_msg_dump: id=0 ch=10 pt=15 t=RESP msg_id=06 seq=0021 s=0 pyld=3503000000000000
 <idle>-0 [000] d.h2. 147.758311: scmi_msg_dump: id=0 ch=10 pt=14 t=RESP msg_id=07 seq=0400 s=-3 pyld=
 <idle>-0 [000] d.h2. 147.758311: scmi_msg_dump: id=0 ch=10 pt=16 t=DLYD msg_id=04 seq=0001 s=0 pyld=07000000
 raw-1 [000] ..... 147.7: scmi_msg_dump: id=0 ch=10 pt=16 t=noti msg_id=00 seq=0000 s=0 pyld=010000000700000000000000
"""


EVENTS = [
    ("scmi_xfer_begin: pt=14 msg_id=05 seq=0012 transfer_id=3 poll=1", "CLOCK_RATE_SET request: sent, polling"),
    ("scmi_xfer_begin: pt=14 msg_id=05 seq=0012 transfer_id=3 poll=0 inflight=2", "CLOCK_RATE_SET request: sent"),
    (
        "scmi_xfer_response_wait: pt=14 msg_id=05 seq=0012 transfer_id=3 tmo_ms=30 poll=0",
        "CLOCK_RATE_SET request: waiting for the answer, at most 30 ms",
    ),
    ("scmi_xfer_end: pt=14 msg_id=05 seq=0012 transfer_id=3 s=-13", "CLOCK_RATE_SET request: done, error -13"),
    ("scmi_rx_done: pt=14 msg_id=05 seq=0012 transfer_id=3 msg_type=0", "CLOCK_RATE_SET response: received"),
    ("scmi_rx_done: pt=14 msg_id=05 seq=0012 transfer_id=3 msg_type=2", "CLOCK_RATE_SET delayed response: received"),
    ("scmi_rx_done: pt=14 msg_id=00 seq=0012 transfer_id=3 msg_type=3", "CLOCK_RATE_CHANGED notification: received"),
    (
        "scmi_fc_call: pt=13 msg_id=07 res_id:2 vals=800:0",
        "PERFORMANCE_LEVEL_SET request: by a fast channel of resource 2: 800, 0",
    ),
    (
        "scmi_xfer_end: transfer_id=18 msg_id=5 protocol_id=20 seq=18 status=-5",
        "CLOCK_RATE_SET request: done, error -5",
    ),
]


@pytest.mark.parametrize(("line", "text"), EVENTS)
def test_events_without_a_payload(line: str, text: str) -> None:
    (found,) = words(f" cat-224 [002] ..... 147.755850: {line}\n")
    assert found.startswith(f"{text} (protocol ")
    assert found.endswith("token 0)" if "fc_call" in line else "token 18)")


@pytest.mark.parametrize("cut", [0, 3, 8, 17])
def test_an_event_that_is_cut(cut: int) -> None:
    with pytest.raises(XenscmiError, match="incomplete or damaged"):
        messages("x: scmi_xfer_begin: " + "pt=14 msg_id=05 seq=0012"[:cut].ljust(1))


def test_trace_lines() -> None:
    found = [one for one in decode_text(Source("trace", TRACE)) if not one.decoded.event]
    assert [one.span.line for one in found] == [2, 4, 5, 6, 7]
    assert [one.decoded.message for one in found] == [
        sensor.SensorReadingGetRequest(1, sensor_parts.SensorReadingFlags(0)),
        sensor.SensorReadingGetResponseV1(821),
        Refusal(-3),
        reset.ResetComplete(7),
        reset.ResetIssued(1, 7, reset.ResetState(0)),
    ]
    assert found[0].decoded.header.token == 0x21
    assert found[4].decoded.direction is Direction.NOTIFICATION


def test_a_trace_line_that_is_cut() -> None:
    with pytest.raises(XenscmiError, match="incomplete or damaged") as raised:
        messages("x: scmi_msg_dump: pt=15 t=CMND msg_id=06 seq=00")
    assert raised.value.diagnostics[0].span is not None


BYTES = "00000000 00000000 00000000 00000000 01000000 14000000 05502400 04000000 07000000 02000000 01000000"
RATE_SET = clock.ClockRateSetRequest(clock.ClockRateSetFlags.of(round_up=True), 7, 0x1_0000_0002)

DUMPS = {
    "hexdump -C": """\
00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
00000010  01 00 00 00 14 00 00 00  05 50 24 00 04 00 00 00  |.........P$.....|
00000020  07 00 00 00 02 00 00 00  01 00 00 00              |............|
0000002c
""",
    "hexdump": """\
0000000 0000 0000 0000 0000 0000 0000 0000 0000
0000010 0001 0000 0014 0000 5005 0024 0004 0000
0000020 0007 0000 0002 0000 0001 0000
000002c
""",
    "xxd": """\
00000000: 0000 0000 0000 0000 0000 0000 0000 0000  ................
00000010: 0100 0000 1400 0000 0550 2400 0400 0000  .........P$.....
00000020: 0700 0000 0200 0000 0100 0000            ............
""",
    "xxd -p": "0000000000000000000000000000000001000000140000000550240004000000\n070000000200000001000000\n",
    "od -t x4": """\
0000000 00000000 00000000 00000000 00000000
0000020 00000001 00000014 00245005 00000004
0000040 00000007 00000002 00000001
0000054
""",
    "od -A x -t x1z": """\
000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  >................<
000010 01 00 00 00 14 00 00 00 05 50 24 00 04 00 00 00  >.........P$.....<
000020 07 00 00 00 02 00 00 00 01 00 00 00              >............<
00002c
""",
    "md.l": """\
4fc00000: 00000000 00000000 00000000 00000000    ................
4fc00010: 00000001 00000014 00245005 00000004    .........P$.....
4fc00020: 00000007 00000002 00000001             ............
""",
    "digits": BYTES,
    "0x words": """\
0x00000000 0x00000000 0x00000000 0x00000000 0x00000001 0x00000014
0x00245005 0x00000004 0x00000007 0x00000002 0x00000001
""",
}


@pytest.mark.parametrize("text", DUMPS.values(), ids=DUMPS)
def test_dumps_of_an_area(text: str) -> None:
    (decoded,) = messages(text)
    assert decoded.message == RATE_SET
    assert decoded.direction is Direction.REQUEST
    assert decoded.channel is not None
    assert decoded.channel.channel_flags.interrupt


def test_words_of_an_area() -> None:
    assert words(BYTES) == [
        "CLOCK_RATE_SET request (protocol 0x14 clock, token 9)",
        "  channel     busy, interrupt wanted    length 20",
        "  flags       0x4                       How to set the rate",
        "    round_up  yes                       Round up a rate that is not supported, rather than down",
        "  clock_id    7                         The clock",
        "  rate        4294967298 (0x100000002)  The requested rate, in Hz",
    ]


def test_repeated_lines_of_a_whole_page() -> None:
    page = """\
00000000  00 00 00 00 01 00 00 00  00 00 00 00 00 00 00 00  |................|
00000010  00 00 00 00 4c 00 00 00  08 50 00 00 00 00 00 00  |....L....P......|
00000020  00 00 00 00 61 00 00 00  00 00 00 00 00 00 00 00  |....a...........|
00000030  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
00001000
"""
    (decoded,) = messages(page)
    assert decoded.message == clock.ClockNameGetResponse(Reserved(0), "a")
    od = "0000000 00005006 00000000\n0000010 00000000 00000000\n*\n0000030\n"
    (decoded,) = messages(od)
    assert decoded.payload == bytes(20)


def test_messages_without_an_area() -> None:
    """A header and a payload; who sent it is seen from what fits."""
    request, answer, either = messages("0x00005006 0x00000007\n\n065000000000000000366e0100000000\n\n0x00004000")
    assert request.message == clock.ClockRateGetRequest(7)
    assert answer.message == clock.ClockRateGetResponse(24_000_000)
    assert either.direction is Direction.REQUEST


def area(*, status: int, payload: str, length: int | None = None, header: int = 0x4007) -> str:
    data = bytes.fromhex(payload)
    words = [0, status, 0, 0, 0, 4 + len(data) if length is None else length, header]
    return b"".join(word.to_bytes(4, "little") for word in words).hex(" ", 4) + " " + data.hex(" ", 4)


def test_who_has_the_channel_says_who_spoke() -> None:
    asked, refused, answered = messages(
        "\n\n".join(
            [
                area(status=0, payload="ffffffff"),
                area(status=3, payload="ffffffff"),
                area(status=1, payload="00000000 02000000 646f6d30 00000000 00000000 00000000"),
            ]
        )
    )
    assert asked.message == refused.message == base.BaseDiscoverAgentRequest(base.OWN_AGENT_ID)
    assert answered.message == base.BaseDiscoverAgentResponse(2, "dom0")
    assert "free, error" in describe(refused)[1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (area(status=0, payload="00000000", length=12), "the dump ends after 4 of 8 bytes of payload"),
        (area(status=0, payload="00"), "4 bytes expected, 1 given"),
        (area(status=0, payload="", header=0x40FF), "the base protocol has no such message"),
        (area(status=0, payload="", header=0x20000), "not a standard protocol"),
    ],
)
def test_messages_that_are_none(text: str, problem: str) -> None:
    (decoded,) = messages(text)
    assert decoded.message is None
    assert problem in describe(decoded)[-1]


def test_the_newest_of_several_forms_that_fit() -> None:
    decoded = decode(Header.of(protocol_id=0x13, message_id=0x4), bytes(8), Direction.RESPONSE)
    assert decoded.message == performance.PerformanceDescribeLevelsResponse(performance.NumLevels(0), ())


def test_an_area_that_was_never_used() -> None:
    fresh = bytearray(shmem.PAYLOAD + 4)
    shmem.reset(fresh)
    assert words(fresh.hex(" ", 4)) == ["unused channel", "  channel  free  length 0"]


@pytest.mark.parametrize("text", ["", "no dump here\n", "added dead beef by hand\n", "*\n"])
def test_nothing_found(text: str) -> None:
    with pytest.raises(XenscmiError, match="no SCMI message found"):
        messages(text)


def test_hexadecimal_that_is_no_message() -> None:
    with pytest.raises(XenscmiError, match="neither a shared-memory area nor an SCMI message") as raised:
        messages("intro\n" + "ff" * 32)
    span = raised.value.diagnostics[0].span
    assert span is not None
    assert span.line == 2


def test_deep_messages() -> None:
    low = sensor_parts.SensorAttributesLow.of(extended_attributes=True, trip_points=2)
    high = sensor_parts.SensorAttributesHigh.of(type=2, exponent=-3)
    reach = sensor_parts.SensorRange(sensor_parts.Resolution(1), -40, 0x20000)
    descriptor = sensor_parts.SensorDescriptor(1, low, high, "cpu", sensor_parts.SensorPower(0), reach)
    response = sensor.SensorDescriptionGetResponse(sensor_parts.NumSensorFlags(1), (descriptor,))
    decoded = decode(Header.of(protocol_id=0x15, message_id=0x3), response.encode(), Direction.RESPONSE)
    assert decoded.message == response
    lines = [" ".join(line.split()) for line in describe(decoded)]
    for expected in ("desc[0]", "exponent -3 Power", "type 0x2 degrees_c Unit", "sensor_name 'cpu'", "min_range -40"):
        assert any(line.startswith(expected) for line in lines), expected


@given(st.text(alphabet=st.sampled_from("0123456789abcdefx:|*> \n"), max_size=300))
def test_any_text_of_digits(text: str) -> None:
    try:
        assert words(text)
    except XenscmiError:
        return


@given(st.binary(max_size=120), st.sampled_from([1, 2, 4]), st.booleans())
def test_any_bytes(data: bytes, group: int, prefix: bool) -> None:
    digits = data.hex(" ", group) if data else ""
    try:
        assert words(f"00000010: {digits}" if prefix else digits)
    except XenscmiError:
        return
