"""One exchange of Xen's with the firmware, against firmware that answers as it likes."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable

import pytest

from xenscmi.model.channel import ERRNO, Channel, Link, Registers
from xenscmi.model.console import CAPACITY, Console
from xenscmi.model.memory import PhysicalMemory
from xenscmi.scmi.protocols.common import ProtocolAttributesRequest
from xenscmi.toolstack.backend import XenError

FUNC_ID, PAGE = 0x8200_0003, 0x47FF_1000
FREE = 1


class Bench:
    """Xen's end of a channel, and a firmware that leaves given words in the page: status, length, header, payload."""

    def __init__(self, result: int = 0, status: int = FREE, length: int = 8, payload: bytes = bytes(4)) -> None:
        self.console = Console()
        self.memory = PhysicalMemory()
        self.channel = Channel(1, FUNC_ID, PAGE)
        self.rung: list[Registers] = []

        def smc(registers: Registers) -> Registers:
            self.rung.append(registers)
            page = self.memory.page(PAGE >> 12)
            struct.pack_into("<I", page, 4, status)
            struct.pack_into("<II", page, 0x14, length, 0x4001)
            page[0x1C : 0x1C + len(payload)] = payload
            return (result, 0, 0, 0)

        self.link = Link(self.memory, smc, self.console)
        self.link.open(self.channel)

    def transfer(self, room: int = 4) -> bytes:
        return self.link.transfer(self.channel, ProtocolAttributesRequest(), room)

    def errno(self, room: int = 4) -> int:
        with pytest.raises(XenError) as caught:
            self.transfer(room)
        return caught.value.errno


def test_an_answer_is_what_follows_the_status() -> None:
    bench = Bench(length=12, payload=bytes(4) + b"abcd")
    assert bench.transfer() == b"abcd"
    assert bench.rung == [(FUNC_ID, 0, 0, 0, 0, 0, 0, 0)]
    assert bench.console.lines == (
        "scmi: agent_id = 1 msg_id = 1 type = 0, proto = 10",
        "scmi: get smc response agent_id = 1 msg_id = 1 proto = 10 res=0",
    )


@pytest.mark.parametrize(
    ("make", "number", "line"),
    [
        (lambda: Bench(result=(1 << 64) - 3), errno.EINVAL, None),
        (lambda: Bench(result=(1 << 64) - 1), errno.EOPNOTSUPP, None),
        (lambda: Bench(status=0), errno.EBUSY, None),
        (lambda: Bench(length=3), errno.EINVAL, "scmi: Wrong size of smc message. Data may be invalid"),
        (
            lambda: Bench(length=13, payload=bytes(9)),
            errno.EINVAL,
            "scmi: Not enough buffer for message 5, expecting 4",
        ),
        (lambda: Bench(payload=b"\xa0\xff\xff\xff"), errno.EINVAL, "scmi: Error received: -22"),
    ],
)
def test_what_is_no_answer_has_an_errno(make: Callable[[], Bench], number: int, line: str | None) -> None:
    bench = make()
    assert bench.errno() == number
    assert bench.console.lines[-1].endswith(f"res={-number}")
    assert line is None or bench.console.lines[-2] == line


@pytest.mark.parametrize("status", ERRNO)
def test_each_status_has_its_errno(status: int) -> None:
    bench = Bench(payload=status.to_bytes(4, "little", signed=True))
    assert bench.errno() == ERRNO[status]
    assert bench.console.lines[-2] == f"scmi: Error received: {-ERRNO[status]}"


def test_a_channel_that_is_not_free_is_not_rung() -> None:
    bench = Bench()
    bench.memory.page(PAGE >> 12)[4] = 0
    assert bench.errno() == errno.EBUSY
    assert bench.rung == []


def test_the_console_keeps_the_last_lines_and_joins_what_has_no_end() -> None:
    console = Console()
    for number in range(CAPACITY + 5):
        console.print(f"line {number}")
    assert (console.lines[0], len(console.lines)) == ("line 5", CAPACITY)
    console.print("begun, ", end="")
    assert console.lines[-1] == "begun, "
    console.print("ended")
    assert console.lines[-1] == "begun, ended"
