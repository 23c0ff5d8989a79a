"""Words and layouts: what they refuse, and how they say so."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.scmi.bitfields import Bit, BitFields, Bits, SignedBits
from xenscmi.scmi.codec import PayloadError, Structure, integers, structure, u32
from xenscmi.scmi.header import Header
from xenscmi.scmi.protocols import base, clock, power_domain, sensor, sensor_parts


class Sample(BitFields):
    """A word for these tests."""

    high = Bits(31, 24, "High")
    signed = SignedBits(9, 5, "Signed")
    flag = Bit(0, "Flag")


def test_a_word_is_its_integer() -> None:
    word = Sample.of(high=0xAB, signed=-2, flag=True)
    assert word == 0xAB0003C1
    assert (word.high, word.signed, word.flag) == (0xAB, -2, True)
    assert repr(word) == "Sample(high=171, signed=-2, flag=True)"
    assert Sample.high.doc == "High"


def test_reserved_bits_are_kept_and_shown() -> None:
    word = Sample(0x0000_0402)
    assert word.reserved == 0x402
    assert repr(word) == "Sample(reserved=0x402)"
    assert Sample.of(flag=1).reserved == 0
    request = clock.ClockRateSetRequest(clock.ClockRateSetFlags(0x11), 1, 2)
    assert request.reserved == {"flags": 0x10}
    assert clock.ClockRateSetRequest.decode(request.encode()).flags == 0x11


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"high": 256}, "high is 256, but must be 0 to 255"),
        ({"high": -1}, "high is -1, but must be 0 to 255"),
        ({"signed": 16}, "signed is 16, but must be -16 to 15"),
        ({"signed": -17}, "signed is -17, but must be -16 to 15"),
        ({"flag": 2}, "flag is 2, but must be 0 to 1"),
    ],
)
def test_parts_that_do_not_fit(values: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sample.of(**values)


def test_parts_that_there_are_not() -> None:
    with pytest.raises(TypeError, match="Sample has no field low, only high, signed, flag"):
        Sample.of(low=1)
    with pytest.raises(TypeError, match="no field low"):
        Sample(0).replace(low=1)


@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_replacing_a_part_keeps_the_rest(value: int, high: int) -> None:
    word = Sample(value).replace(high=high)
    assert word.high == high
    assert word & 0xFFFFFF == value & 0xFFFFFF


def test_the_header() -> None:
    header = Header.of(message_id=0x5, message_type=2, protocol_id=0x14, token=0x3FF)
    assert header == 0x0FFC_5205
    assert Header(0xF000_0000).reserved == 0xF000_0000


@given(st.integers(0, 0xFF), st.integers(0, 0xFF), st.integers(0, 0x3FF))
def test_a_commands_header_is_the_same_however_it_is_made(protocol: int, message: int, token: int) -> None:
    expected = Header.of(protocol_id=protocol, message_id=message, token=token)
    assert Header.of_command(protocol, message, token) == expected


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (clock.ClockRateGetRequest(2**32), "clock_id cannot be 4294967296: it must be 0..4294967295"),
        (clock.ClockRateGetRequest(-1), "clock_id cannot be -1"),
        (
            clock.ClockRateSetRequest(clock.ClockRateSetFlags(0), 1, 2**64),
            "rate cannot be 18446744073709551616: it must be 0..18446744073709551615",
        ),
        (base.BaseDiscoverVendorResponse("a" * 17), "not a name of at most 16 bytes"),
        (base.BaseDiscoverVendorResponse("é" * 9), "not a name of at most 16 bytes"),
        (base.BaseDiscoverVendorResponse("a\0b"), "without NUL"),
        (base.BaseDiscoverListProtocolsResponse(2, (1,)), "protocols: 1 entries, but num_protocols is 2"),
        (base.BaseDiscoverListProtocolsResponse(1, (256,)), "protocols: .* format requires 0 <= number <= 255"),
        (
            clock.ClockDescribeRatesResponse(clock.NumRatesFlags(0), (1,)),
            "rates: 1 entries, but num_rates_flags.returned is 0",
        ),
    ],
)
def test_values_that_no_bytes_can_carry(message: Structure, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason) as raised:
        message.encode()
    assert str(raised.value).startswith(type(message).__name__)


def test_counts_that_lie() -> None:
    with pytest.raises(PayloadError, match="4294967295 list entries end at byte 4294967300, 8 bytes given"):
        base.BaseDiscoverListProtocolsResponse.decode(bytes.fromhex("00000000 ffffffff 11141600"))
    with pytest.raises(PayloadError, match="at least 32 bytes expected, 4 given"):
        sensor.SensorDescriptionGetResponse.decode(bytes.fromhex("00000000 ff0f0000"))


def test_parts_that_are_there_or_not() -> None:
    plain = sensor_parts.SensorDescriptor(
        1, sensor_parts.SensorAttributesLow(0), sensor_parts.SensorAttributesHigh(0), "s", None, None
    )
    with pytest.raises(PayloadError, match=r"power: .*extended_attributes says that it is absent"):
        plain.replace(power=sensor_parts.SensorPower(1)).encode()
    extended = plain.replace(sensor_attributes_low=sensor_parts.SensorAttributesLow.of(extended_attributes=True))
    with pytest.raises(PayloadError, match=r"power: .*extended_attributes says that it is present"):
        extended.encode()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"uart0\0\0\0garbage!", "uart0"),
        (b"no nul at its end"[:16], "no nul at its en"),
        (b"caf\xc3\xa9" + bytes(11), "café"),
        (b"\xff\xfe" + bytes(14), "\udcff\udcfe"),
    ],
)
def test_names(data: bytes, name: str) -> None:
    response = base.BaseDiscoverVendorResponse.decode(bytes(4) + data)
    assert response.vendor_identifier == name
    assert response.encode() == bytes(4) + data.partition(b"\0")[0].ljust(16, b"\0")


def test_messages_are_immutable_values() -> None:
    request = clock.ClockRateGetRequest(3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.clock_id = 4  # type: ignore[misc]
    other: Structure = clock.ClockParentGetRequest(3)
    assert request == clock.ClockRateGetRequest(3)
    assert request != other
    assert repr(request) == "ClockRateGetRequest(clock_id=3)"
    assert len({request, clock.ClockRateGetRequest(3), other}) == 2
    assert request.replace(clock_id=4) == clock.ClockRateGetRequest(4)
    with pytest.raises(TypeError, match="clock"):
        request.replace(clock=4)
    assert repr(power_domain.POWER_OFF) == "PowerState(type=1)"


def test_fields_of_fixed_size_come_first() -> None:
    with pytest.raises(TypeError, match="Bad: fields of fixed size come first"):

        @structure
        class Bad(Structure):
            entries: tuple[int, ...] = integers("I", "Entries")
            number: int = u32("Number")
