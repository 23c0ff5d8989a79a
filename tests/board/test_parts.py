"""The board's parts that need no machine: the doorbell's bytes, archives, images, faults, traces, the tree."""

from __future__ import annotations

import gzip
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenscmi.bindings.addresses import written_reg
from xenscmi.board import layout
from xenscmi.board.board import Hardware, Software, board_tree
from xenscmi.board.cpio import Entry, archive
from xenscmi.board.doorbell import Doorbell, DoorbellError, MonitorFault, Ring
from xenscmi.board.faults import Action, FaultPlan, Part, parse_fault
from xenscmi.board.images import unpack_image
from xenscmi.board.memory import Ram
from xenscmi.board.trace import TracedMessage, read_lines, show, write_line
from xenscmi.board.tree import AgentNode, Consumer, compile_board
from xenscmi.diagnostics import XenscmiError
from xenscmi.scmi.header import Header
from xenscmi.scmi.status import Status

rings = st.builds(Ring, st.integers(0, 15), st.integers(0, 255), st.integers(0, 0xFFFFFFFF))
monitor_faults = st.builds(MonitorFault, st.integers(0, 15), st.integers(0, 0xFFFFFFFF), st.integers(0, (1 << 64) - 1))


def encode(event: Ring | MonitorFault) -> bytes:
    if isinstance(event, Ring):
        return struct.pack("<BBI", 0xA0 + event.cpu, event.number, event.func_id)
    return struct.pack("<BIQ", 0xE0 + event.cpu, event.esr, event.elr)


@given(st.lists(rings | monitor_faults, max_size=8), st.integers(1, 20))
def test_the_monitors_messages_are_understood_however_their_bytes_arrive(
    events: list[Ring | MonitorFault], size: int
) -> None:
    data = b"".join(map(encode, events))
    doorbell, found = Doorbell(), []

    for at in range(0, len(data), size):
        found += list(doorbell.receive(data[at : at + size]))

    assert found == events


@given(st.binary(max_size=64))
def test_any_bytes_on_the_doorbell_are_messages_or_an_error_of_ours(data: bytes) -> None:
    try:
        found = list(Doorbell().receive(data))
    except DoorbellError:
        return
    assert data.startswith(b"".join(map(encode, found)))


def test_a_rings_answer_is_its_number_and_the_result() -> None:
    assert Ring(1, 7, 0x82000002).answer(-1) == b"\x07\xff"


def test_ram_is_where_the_board_has_it() -> None:
    ram = Ram(4 * layout.MEBIBYTE)
    try:
        ram.write(layout.RAM + 5, b"abc")
        assert ram.read(layout.RAM + 4, 5) == b"\0abc\0"
        for address in (0, layout.RAM - 1, layout.RAM + 4 * layout.MEBIBYTE - 2):
            with pytest.raises(XenscmiError, match="not in the board's RAM"):
                ram.write(address, b"abc")
    finally:
        ram.close()


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not installed (Debian: cpio)")
def test_cpio_unpacks_an_archive(tmp_path: Path) -> None:
    data = archive({"a/b/file": Entry.file(b"12345", executable=True), "link": Entry.link("a/b/file")})

    subprocess.run(["cpio", "-idm", "--quiet"], input=data, cwd=tmp_path, check=True, timeout=30)

    assert (tmp_path / "link").read_bytes() == b"12345"
    assert (tmp_path / "a/b/file").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "link").is_symlink()


def image(body: bytes = b"code") -> bytes:
    return bytes(56) + b"ARM\x64" + bytes(4) + body


def zboot(payload: bytes, compression: bytes) -> bytes:
    return struct.pack("<4s4sII8x32s", b"MZ\0\0", b"zimg", 64, len(payload), compression).ljust(64, b"\0") + payload


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, lambda data: zboot(gzip.compress(data), b"gzip")])
def test_arm64_images_are_unpacked(wrap: type[bytes]) -> None:
    assert unpack_image(wrap(image()), "Image") == image()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Image is not an arm64 image"),
        (b"\x7fELF" + bytes(100), "Image is not an arm64 image"),
        (gzip.compress(image(), mtime=0)[:-9], "Image is cut off"),
        (b"\x1f\x8b\x08" + bytes(20), "Image cannot be unpacked|Image is cut off"),
        (zboot(b"", b"zstd"), "Image is compressed with zstd"),
    ],
)
def test_what_is_no_arm64_image_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(XenscmiError, match=words):
        unpack_image(data, "Image")


def test_faults_are_read() -> None:
    fault = parse_fault("refuse:clock.config_set=denied@2#3")
    assert (fault.action, fault.protocol_id, fault.message_id) == (Action.REFUSE, 0x14, 0x7)
    assert (fault.status, fault.agent_id, fault.nth) == (Status.DENIED, 2, 3)
    assert parse_fault("refuse:0x14.7=-200").status == -200
    assert parse_fault("delay:clock.*=50").seconds == 0.05
    assert parse_fault("delay:*=1").protocol_id is None
    assert parse_fault("corrupt:base.protocol_version=length").part is Part.LENGTH
    assert parse_fault("drop:reset.reset").message_id == 0x4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not of the form"),
        ("refuse", "is not of the form"),
        ("refuse:clock.config_set=denied@2#", "is not of the form"),
        ("break:clock.config_set", "no action `break'"),
        ("refuse:clok.config_set", "no protocol `clok'"),
        ("refuse:clock.confg_set", "no message `confg_set'"),
        ("refuse:*=maybe", "the status is not a number: `maybe'"),
        ("refuse:*=1", "the status is -2147483648 to 0, not 1"),
        ("refuse:*@256", "the agent is 0 to 255, not 256"),
        ("delay:*=soon", "the delay in ms is not a number"),
        ("delay:*=99999999", "the delay in ms is 0 to 10000"),
        ("corrupt:*=everything", "an answer has no part `everything'"),
        ("drop:*=1", "has no value"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(XenscmiError, match=words):
        parse_fault(text)


def test_a_fault_of_the_nth_message_counts_what_concerns_it_alone() -> None:
    plan = FaultPlan([parse_fault("drop:clock.attributes@1#2"), parse_fault("refuse:clock.*@2")])
    clock, reset = Header.of(protocol_id=0x14, message_id=3), Header.of(protocol_id=0x16, message_id=3)
    sent = [(1, clock), (1, reset), (2, clock), (1, clock), (1, clock)]

    made = [plan.next(agent_id, header) for agent_id, header in sent]

    assert [fault.text if fault else "" for fault in made] == [
        "",
        "",
        "refuse:clock.*@2",
        "drop:clock.attributes@1#2",
        "",
    ]


exchanges = st.builds(
    TracedMessage,
    at=st.integers(0, 10**6).map(lambda millionths: millionths / 1e6),
    agent_id=st.integers(0, 255),
    header=st.integers(0, 0xFFFFFFFF).map(Header),
    request=st.binary(max_size=104),
    response=st.none() | st.binary(max_size=104),
    fault=st.sampled_from(["", "drop:*"]),
)


@given(st.lists(exchanges, max_size=4))
def test_traces_are_read_back_as_written_and_any_message_can_be_shown(messages: list[TracedMessage]) -> None:
    lines = [write_line(each) for each in messages]

    assert list(read_lines(lines, "trace")) == messages
    assert all("\n" not in show(each) for each in messages)


@pytest.mark.parametrize("line", ["", "{}", "[]", "1", '{"at": 0, "agent": "x", "header": "0", "request": ""}'])
def test_lines_that_are_no_trace_are_refused_with_their_number(line: str) -> None:
    good = write_line(TracedMessage(at=0, agent_id=1, header=Header(0x4000), request=b"", response=bytes(8)))

    with pytest.raises(XenscmiError, match=r"t\.jsonl:2: not a message of a trace"):
        list(read_lines([good, line], "t.jsonl"))


def test_a_message_is_shown_in_words() -> None:
    header = Header.of(protocol_id=0x14, message_id=0x6)
    message = TracedMessage(
        at=1.5, agent_id=2, header=header, request=b"\1\0\0\0", response=(0xFFFFFFFD).to_bytes(4, "little")
    )

    assert show(message) == "   1.500  agent 2  CLOCK_RATE_GET(clock_id=1)  DENIED (-3)"


def test_the_boards_tree_leaves_the_pages_out_of_the_memory() -> None:
    agent = AgentNode(
        func_id=0x82000003,
        page=layout.PAGES,
        protocols=(0x11, 0x14, 0x16),
        rtc=1,
        consumers=(Consumer(1, 2, 3), Consumer(clock=1), Consumer()),
    )

    tree = compile_board(board_tree(Hardware(cpus=3), Software(linux=b"x"), [agent]))

    memory = tree.node("/memory@40000000")
    assert memory is not None
    banks = [(region.address, region.size) for region in written_reg(memory)]
    assert banks == [(0x40000000, 0x7F00000), (0x48000000, 0x78000000)]
    cpus = tree.node("/cpus")
    assert cpus is not None
    assert len(cpus.children) == 3
    assert tree.warnings == ()


def test_command_lines_are_in_the_tree_as_they_were_given() -> None:
    given = 'dyndbg="file drivers/* +p" path=C:\\x; };'
    software = Software(linux=b"x", bootargs=given, xen=b"y", xen_bootargs=given)

    tree = compile_board(board_tree(Hardware(), software, []))

    chosen = tree.node("/chosen")
    assert chosen is not None
    found = [chosen.get("xen,xen-bootargs"), *(child.get("bootargs") for child in chosen.children)]
    assert [each.string() for each in found if each is not None] == [given, given]


@pytest.mark.parametrize("hardware", [{"cpus": 0}, {"cpus": 9}, {"memory": 1 << 20}, {"memory": (1 << 30) + 1}])
def test_a_board_that_cannot_be_is_refused(hardware: dict[str, int]) -> None:
    with pytest.raises(XenscmiError, match="the board has 1 to 8 CPUs and 1024 MiB of RAM or more"):
        Hardware(**hardware)
