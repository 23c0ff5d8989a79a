"""Channels to platforms outside of this process, against servers that are there."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conformance.conftest import serving

from xenscmi.board.showcase import showcase
from xenscmi.conformance.suite import all_cases, run_suite
from xenscmi.conformance.tester import AgentChannel
from xenscmi.conformance.transports import RawMode, UnixSocket
from xenscmi.conformance.verdict import PlatformGone, Verdict
from xenscmi.diagnostics import XenscmiError
from xenscmi.firmware import PROFILES, Firmware
from xenscmi.scmi.header import Header
from xenscmi.scmi.shmem import Posted

Answer = Callable[[bytes], bytes | None]
VERSION = Posted(Header.of(protocol_id=0x10, message_id=0x0, token=7), b"")


def our_firmware() -> Answer:
    serve = serving(Firmware(showcase(), PROFILES["generic"]))

    def answer(message: bytes) -> bytes:
        (header,) = struct.unpack_from("<I", message)
        answered = serve(1, Posted(Header(header), message[4:]))
        return struct.pack("<I", answered.header) + answered.payload

    return answer


def framed(answer: Answer) -> Answer:
    """The same with the length before each message, as on a stream."""

    def with_length(message: bytes) -> bytes | None:
        answered = answer(message)
        return None if answered is None else struct.pack("<I", len(answered)) + answered

    return with_length


def serve_stream(connection: socket.socket, answer: Answer) -> None:
    with connection, connection.makefile("rb") as stream:
        while len(head := stream.read(4)) == 4:
            answered = answer(stream.read(struct.unpack("<I", head)[0]))
            if answered is None:
                return
            connection.sendall(answered)


@contextmanager
def server(path: Path, answer: Answer) -> Iterator[None]:
    """A server that serves one agent until it leaves."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(10)

        def serve() -> None:
            serve_stream(listener.accept()[0], answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)


def test_the_suite_runs_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "agent1"
    with server(path, framed(our_firmware())), UnixSocket(path) as exchange:
        results = list(run_suite(all_cases(), AgentChannel("socket", exchange)))

    assert {result.case.name: result.words for result in results if result.verdict is Verdict.FAIL} == {}
    assert sum(result.verdict is Verdict.PASS for result in results) > 350


def test_a_socket_where_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(PlatformGone, match=r"cannot connect to .*nobody: No such file or directory"):
        UnixSocket(tmp_path / "nobody")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda message: None, "the platform has closed the connection"),
        (lambda message: b"\xff\xff\xff\xff", "an answer of 4294967295 bytes"),
    ],
)
def test_a_server_that_breaks_off_ends_the_run(tmp_path: Path, answer: Answer, words: str) -> None:
    path = tmp_path / "agent1"
    with server(path, answer), UnixSocket(path) as exchange, pytest.raises(PlatformGone, match=words):
        exchange(VERSION)


def test_an_answer_too_short_for_a_header_fails_its_test_alone(tmp_path: Path) -> None:
    path = tmp_path / "agent1"
    too_short = pytest.raises(XenscmiError, match="an answer of 2 bytes")
    with server(path, framed(lambda message: b"xy")), UnixSocket(path) as exchange, too_short:
        exchange(VERSION)


@pytest.fixture
def debugfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], Path]:
    """A function that makes a stand-in for raw mode's file: no kernel of Debian's has the real one.

    As there, each write is one message, and each read one answer.
    """

    def make(answer: Answer) -> Path:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def serve() -> None:
            with theirs:
                while message := theirs.recv(1 << 16):
                    answered = answer(message)
                    if answered is not None:
                        theirs.send(answered)

        threading.Thread(target=serve, daemon=True).start()
        real_open = os.open

        def opened(path: str | Path, flags: int, *more: int) -> int:
            return ours.detach() if str(path).endswith("/raw/message") else real_open(path, flags, *more)

        monkeypatch.setattr(os, "open", opened)
        return tmp_path

    return make


def test_the_suite_runs_over_raw_mode(debugfs: Callable[[Answer], Path]) -> None:
    with RawMode(debugfs(our_firmware())) as exchange:
        results = list(run_suite(all_cases(), AgentChannel("raw", exchange)))

    assert {result.case.name: result.words for result in results if result.verdict is Verdict.FAIL} == {}


def test_a_message_that_raw_mode_does_not_answer_fails_its_test_alone(
    debugfs: Callable[[Answer], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenscmi.conformance.transports.SECONDS", 0.05)
    with RawMode(debugfs(lambda message: None)) as exchange, pytest.raises(XenscmiError, match="no answer"):
        exchange(VERSION)


def test_a_kernel_without_raw_mode_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(PlatformGone) as caught:
        RawMode(tmp_path)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == f"cannot open {tmp_path}/raw/message: No such file or directory"
    assert "CONFIG_ARM_SCMI_RAW_MODE_SUPPORT" in diagnostic.help
