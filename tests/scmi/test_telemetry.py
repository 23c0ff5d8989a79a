"""The telemetry protocol's messages, read both ways, and the format of the memory that it announces."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.scmi.codec import Structure
from xenscmi.scmi.message import Protocol
from xenscmi.scmi.protocols import telemetry as t
from xenscmi.scmi.protocols.common import Reserved
from xenscmi.scmi.tdcf import LineFlags, LineType, TelemetryError, TelemetryLine, read_area

ALL_PARTS = t.DeAttributes.of(name=True, fast_channel=True, line_timestamps=True, unit=2, unit_exponent=-3, type=1)
EXAMPLES: list[tuple[Structure, str]] = [
    (
        t.TelemetryProtocolAttributesResponse(3, 1, 10, 11, 12, 13, t.TelemetryProtocolAttributes.of(shmti=2), 9),
        "00000000 03000000 01000000 0a000000 0b000000 0c000000 0d000000 02000000 09000000",
    ),
    (t.TelemetryListShmtiRequest(1), "01000000"),
    (
        t.TelemetryListShmtiResponse(
            t.NumEntries.of(returned=1, remaining=2), (t.ShmtiDescriptor(5, 0x1_2345_6000, 4096, Reserved(0)),)
        ),
        "00000000 01000200 05000000 00604523 01000000 00100000 00000000",
    ),
    (t.TelemetryDeDescriptionRequest(1), "01000000"),
    (
        t.TelemetryDeDescriptionResponse(
            t.NumEntries.of(returned=2),
            (
                t.DeDescriptor(1, t.NO_GROUP, 8, t.DeAttributes(0), t.DeComponent(0), 0, None, None, None),
                t.DeDescriptor(
                    2,
                    0,
                    8,
                    ALL_PARTS,
                    t.DeComponent.of(instance=1, component_instance=2, component_type=3),
                    0,
                    t.DeTimestampRate(1000),
                    t.DeFastChannel(0x4700_0000, 8),
                    t.DeName("temp"),
                ),
            ),
        ),
        "00000000 02000000 01000000 ffffffff 08000000 00000000 00000000 00000000 02000000 00000000 08000000 41a05fc0 "
        "03020001 00000000 e8030000 00000047 00000000 08000000 74656d70 00000000 00000000 00000000",
    ),
    (
        t.TelemetryListUpdateIntervalsRequest(0, 1, t.IntervalSelection.of(selector=t.TelemetrySelector.GROUP)),
        "00000000 01000000 01000000",
    ),
    (
        t.TelemetryListUpdateIntervalsResponse(t.TelemetryIntervalsFlags.of(returned=2), (1 << 5 | 29, 2 << 5)),
        "00000000 02000000 3d000000 40000000",
    ),
    (t.TelemetryDeConfigureRequest(7, t.DeConfigureFlags.of(mode=t.DeMode.ENABLE)), "07000000 01000000"),
    (t.TelemetryDeConfigureResponse(1, 16, t.NO_SHMTI), "00000000 01000000 10000000 ffffffff"),
    (t.TelemetryDeEnabledListRequest(0, t.DeEnabledSelection(0)), "00000000 00000000"),
    (
        t.TelemetryDeEnabledListResponse(t.NumEntries.of(returned=1), (t.EnabledDe(7, 2),)),
        "00000000 01000000 07000000 02000000",
    ),
    (
        t.TelemetryConfigSetRequest(
            0,
            t.TelemetryControl.of(enable=True, mode=t.TelemetryMode.SINGLE_READ, selector=t.TelemetrySelector.ALL),
            t.SamplingRate.of(seconds=5, exponent=-3),
        ),
        "00000000 45000000 bd000000",
    ),
    (t.TelemetryConfigSetResponse(), "00000000"),
    (t.TelemetryReadingComplete(2, (1, 2)), "00000000 02000000 01000000 02000000"),
    (t.TelemetryConfigGetRequest(0, t.ConfigSelection(2)), "00000000 02000000"),
    (t.TelemetryConfigGetResponse(t.TelemetryControl(1), t.SamplingRate(0)), "00000000 01000000 00000000"),
    (t.TelemetryResetRequest(Reserved(0)), "00000000"),
    (t.TelemetryResetResponse(), "00000000"),
    (t.TelemetryUpdate(0, 0, 1, (9,)), "00000000 00000000 01000000 09000000"),
]


@pytest.mark.parametrize(("message", "octets"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_messages(message: Structure, octets: str, both_ways: Callable[[Structure, str], None]) -> None:
    both_ways(message, octets)


def test_every_message_has_an_example(
    missing_examples: Callable[[Protocol, Iterable[tuple[Structure, str]]], set[str]],
) -> None:
    assert not missing_examples(t.PROTOCOL, EXAMPLES)


SHORT = struct.pack("<IIQ", LineFlags.of(type=LineType.DATA), 7, 42)
LONG = struct.pack("<IIQQ", LineFlags.of(extended=True, timestamp_valid=True), 8, 43, 1000)


def area(body: bytes, sequence: int = 2, last: int = 2, spare: int = 16) -> bytes:
    prologue = struct.pack("<IIII", 0x5442474E, sequence, len(body) // 8, 1)
    return prologue + body + bytes(spare) + struct.pack("<II", last, 0x54454E44)


def test_an_area_is_read_line_by_line() -> None:
    found = read_area(area(SHORT + LONG))
    assert (found.sequence, found.revision) == (2, 1)
    assert found.lines == (
        TelemetryLine(LineFlags(0), 7, 42, None),
        TelemetryLine(LineFlags(6), 8, 43, 1000),
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(23), "23 bytes, at least 24"),
        (bytes(24), "signatures are 0x0 and 0x0"),
        (area(SHORT, sequence=3, last=3), "sequence numbers are 0x3 and 0x3"),
        (area(SHORT, last=4), "sequence numbers are 0x2 and 0x4"),
        (area(LONG[:16]), "line at byte 0 has 24 bytes, 16 are left"),
        (struct.pack("<IIII", 0x5442474E, 2, 99, 1) + struct.pack("<II", 2, 0x54454E44), "99 quadwords"),
    ],
)
def test_areas_that_cannot_be_read(data: bytes, reason: str) -> None:
    with pytest.raises(TelemetryError, match=reason):
        read_area(data)


@given(st.binary(max_size=200))
def test_any_body_is_lines_or_our_error(body: bytes) -> None:
    try:
        found = read_area(area(body[: len(body) // 8 * 8]))
    except TelemetryError:
        return
    assert sum(24 if line.flags.extended else 16 for line in found.lines) == len(body) // 8 * 8
