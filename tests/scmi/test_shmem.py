"""The shared-memory channel: who may write when, sizes, and what a hostile other side can do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.scmi import shmem
from xenscmi.scmi.header import Header

TFA_LIMIT = 92  # payload bytes that TF-A and OP-TEE accept
HEADER = Header.of(protocol_id=0x14, message_id=6, token=9)


def fresh(size: int = 128) -> bytearray:
    area = bytearray(size)
    shmem.reset(area)
    return area


def test_an_exchange_leaves_these_bytes() -> None:
    area = fresh(0x24)
    assert area.hex(" ", 4) == "00000000 01000000" + " 00000000" * 7
    shmem.post(area, HEADER, b"\1\0\0\0", interrupt=True)
    assert area.hex(" ", 4) == "00000000 00000000 00000000 00000000 01000000 08000000 06502400 01000000 00000000"
    assert shmem.take(area, 92) == (HEADER, b"\1\0\0\0")
    shmem.reply(area, HEADER, b"\0\0\0\0\7\0\0\0")
    assert area.hex(" ", 4) == "00000000 01000000 00000000 00000000 01000000 0c000000 06502400 00000000 07000000"
    assert shmem.collect(area) == (HEADER, b"\0\0\0\0\7\0\0\0")


def test_the_header_of_an_area_decodes() -> None:
    area = fresh()
    shmem.post(area, HEADER, b"")
    head = shmem.ChannelHeader.decode(bytes(area[: shmem.PAYLOAD]))
    assert (head.length, head.message_header, head.channel_status.free) == (4, HEADER, False)


@pytest.mark.parametrize("payload", [0, 1, 91, 92])
def test_payloads_within_the_limit_are_taken(payload: int) -> None:
    area = fresh(256)
    shmem.post(area, HEADER, bytes(payload))
    assert shmem.take(area, TFA_LIMIT) == (HEADER, bytes(payload))


@pytest.mark.parametrize("length", [0, 3, 97, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    area = fresh(256)
    shmem.post(area, HEADER, b"")
    area[0x14:0x18] = length.to_bytes(4, "little")
    assert shmem.take(area, TFA_LIMIT) is None
    assert area[4] == 0b11
    with pytest.raises(shmem.ChannelError, match="error bit"):
        shmem.collect(area)


def test_a_length_past_the_area_is_refused_whatever_the_limit() -> None:
    area = fresh(0x20)
    shmem.post(area, HEADER, bytes(4))
    assert shmem.take(area, 1000) == (HEADER, bytes(4))
    area[0x14] = 9
    assert shmem.take(area, 1000) is None


@pytest.mark.parametrize("status", [1, 2, 3])
def test_a_doorbell_while_the_channel_is_free_or_in_error_is_refused(status: int) -> None:
    area = fresh()
    shmem.post(area, HEADER, bytes(4))
    area[4] = status
    assert shmem.take(area, 92) is None
    assert area[4] == 0b11


def test_an_agent_must_wait_its_turn() -> None:
    area = fresh()
    shmem.post(area, HEADER, b"")
    before = bytes(area)
    with pytest.raises(shmem.ChannelError, match="not free"):
        shmem.post(area, HEADER, b"")
    with pytest.raises(shmem.ChannelError, match="no answer yet"):
        shmem.collect(area)
    assert area == before


def test_an_agent_can_go_on_after_an_error() -> None:
    area = fresh()
    assert shmem.take(area, 92) is None
    shmem.post(area, HEADER, b"")
    assert shmem.take(area, 92) == (HEADER, b"")


def test_payloads_that_do_not_fit() -> None:
    area = fresh(0x20)
    with pytest.raises(shmem.ChannelError, match="5 bytes"):
        shmem.post(area, HEADER, bytes(5))
    with pytest.raises(ValueError, match="5 bytes"):
        shmem.reply(area, HEADER, bytes(5))
    assert area[4] == 1
    with pytest.raises(ValueError, match="at least 32"):
        shmem.reset(bytearray(0x1F))


@given(st.binary(min_size=0x20, max_size=200), st.integers(0, 300))
def test_any_bytes_are_a_message_or_refused(data: bytes, limit: int) -> None:
    area = bytearray(data)
    posted = shmem.take(memoryview(area), limit)
    if posted is None:
        assert area[4] == 0b11
        assert area[:4] + area[8:] == data[:4] + data[8:]
    else:
        assert area == data
        assert len(posted.payload) <= min(limit, len(data) - shmem.PAYLOAD)
        assert data[shmem.PAYLOAD :].startswith(posted.payload)


@given(st.binary(min_size=0x20, max_size=200))
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    try:
        answer = shmem.collect(bytearray(data))
    except shmem.ChannelError:
        return
    assert data[0x18:].startswith(answer.header.to_bytes(4, "little") + answer.payload)
