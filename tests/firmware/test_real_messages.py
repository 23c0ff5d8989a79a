"""What a real TF-A answered to a guest's messages, byte for byte (tests/vectors/messages)."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xenscmi.firmware import PROFILES, Firmware, PlatformAgent, PlatformDevice
from xenscmi.firmware.resources import Clock, Platform, PowerDomain, ResetDomain
from xenscmi.scmi.header import ProtocolId

VECTOR = Path(__file__).parents[1] / "vectors" / "messages" / "tfa-epam.jsonl"
MESSAGES = [json.loads(line) for line in VECTOR.read_text("utf-8").splitlines()]
AGENT, FUNC_ID, PAGE_SIZE = 2, 0x8200_0004, 0x1000
TO_FIRMWARE = [message for message in MESSAGES if int(message["x0"], 0) == FUNC_ID]


def board() -> Platform:
    """The board of the vector: 8 agents, of which 1 is trusted; clocks run and power is on."""
    kinds = (ProtocolId.CLOCK, ProtocolId.RESET, ProtocolId.POWER_DOMAIN)
    numbers = range(8)
    return Platform(
        agents=tuple(
            PlatformAgent(agent_id=n, func_id=0x8200_0002 + n, shmem=0x47FF_0000 + n * PAGE_SIZE, trusted=n == 1)
            for n in numbers
        ),
        devices=tuple(PlatformDevice(device_id=n, resources={kind: frozenset({n}) for kind in kinds}) for n in numbers),
        clocks=tuple(Clock(name=f"clk{n}", enabled=True) for n in numbers),
        resets=tuple(ResetDomain(name=f"rst{n}") for n in numbers),
        power_domains=tuple(PowerDomain(name=f"pd{n}", on=True) for n in numbers),
    )


def page_before(before: dict[str, Any]) -> bytearray:
    """The page as the vector fills it: words of 0xcccccccc wherever it says nothing else."""
    page = bytearray(b"\xcc" * PAGE_SIZE)
    struct.pack_into("<I", page, 0x4, before["status"])
    struct.pack_into("<III", page, 0x10, before["flags"], before["length"], int(before["header"], 0))
    for index, word in enumerate(before["payload"]):
        struct.pack_into("<I", page, 0x1C + 4 * index, int(word, 0))
    return page


def page_after(page: bytearray) -> dict[str, Any]:
    return {
        "status": struct.unpack_from("<I", page, 0x4)[0],
        "length": struct.unpack_from("<I", page, 0x14)[0],
        "header": hex(struct.unpack_from("<I", page, 0x18)[0]),
        "payload": [hex(word) for word in struct.unpack_from("<3I", page, 0x1C)],
    }


@pytest.mark.parametrize("message", TO_FIRMWARE, ids=lambda message: message["name"])
def test_a_real_tf_a_answers_the_same(message: dict[str, Any]) -> None:
    """The recorded TF-A had its busy flag fixed, so that one bad ring did not end the recording."""
    firmware = Firmware(board(), replace(PROFILES["tfa-epam"], dies_on_error=False))
    page = page_before(message["before"])
    firmware.serve(AGENT, page)
    expected = {
        key: value for key, value in message["after"].items() if key in ("status", "length", "header", "payload")
    }
    assert page_after(page) == expected
    untouched = 0x1C + max(message["before"]["length"], message["after"]["length"], 16)
    assert page[untouched:] == b"\xcc" * (PAGE_SIZE - untouched)


def test_most_messages_of_the_vector_reach_the_firmware() -> None:
    assert len(MESSAGES) == 35
    assert len(TO_FIRMWARE) == 30


@pytest.mark.parametrize("profile", ["tfa", "tfa-epam", "tfa-rpi5", "tfa-rcar-gen4", "optee"])
def test_as_shipped_one_bad_ring_kills_the_channel(profile: str) -> None:
    firmware = Firmware(board(), PROFILES[profile])
    good = {"status": 0, "flags": 0, "length": 4, "header": "0x4000", "payload": []}
    for bad in ({"status": 1}, {"status": 2}, {"length": 3}, {"length": 97}):
        page = page_before(good | bad)
        firmware.serve(AGENT, page)
        assert page_after(page)["status"] == 3
        page = page_before(good)
        firmware.serve(AGENT, page)
        assert page_after(page) == {"status": 3, "length": 4, "header": "0x4000", "payload": ["0xcccccccc"] * 3}
        kept = Firmware(board(), PROFILES[profile])
        kept.restore(firmware.state())
        page = page_before(good)
        kept.serve(AGENT, page)
        assert page_after(page)["status"] == 3, "only a reset of the board helps"
        other = page_before(good)
        firmware.serve(AGENT + 1, other)
        assert page_after(other)["status"] == 1, "other channels live on"
        firmware = Firmware(board(), PROFILES[profile])


@pytest.mark.parametrize("profile", ["generic", "scp", "imx-sm"])
def test_other_firmware_serves_on_after_a_bad_ring(profile: str) -> None:
    firmware = Firmware(board(), PROFILES[profile])
    good = {"status": 0, "flags": 0, "length": 4, "header": "0x4000", "payload": []}
    page = page_before(good | {"length": 3})
    firmware.serve(AGENT, page)
    assert page_after(page)["status"] == 3
    page = page_before(good)
    firmware.serve(AGENT, page)
    assert page_after(page)["status"] == 1


def test_tf_a_keeps_the_other_status_bits() -> None:
    for name, status in (("tfa-epam", 0xF0F0_0001), ("generic", 1)):
        page = page_before({"status": 0xF0F0_0000, "flags": 0, "length": 4, "header": "0x4000", "payload": []})
        Firmware(board(), PROFILES[name]).serve(AGENT, page)
        assert page_after(page)["status"] == status
