"""The EL3 monitor and the relay: the bytes that are shipped are those of the sources, and do as PSCI and SMCCC say."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.board.conftest import two_agents

from xenscmi.board import relay as relay_room
from xenscmi.board.board import Hardware, Software, board_tree, dtb_of, started
from xenscmi.board.doorbell import Ring
from xenscmi.board.machine import MONITOR
from xenscmi.board.relay import Relay
from xenscmi.board.session import Ending, Session
from xenscmi.board.showcase import showcase
from xenscmi.firmware import PROFILES, Firmware, PlatformAgent, uniform_platform
from xenscmi.scmi import shmem
from xenscmi.scmi.header import Header, MessageType
from xenscmi.scmi.status import Status

AS, OBJCOPY = "aarch64-linux-gnu-as", "aarch64-linux-gnu-objcopy"

SMCCC_VERSION, SMCCC_ARCH_FEATURES, ARCH_WORKAROUND_1 = 0x80000000, 0x80000001, 0x80008000
PSCI_VERSION, PSCI_CPU_SUSPEND, PSCI_MIGRATE_INFO_TYPE, PSCI_FEATURES = 0x84000000, 0x84000001, 0x84000006, 0x8400000A
PSCI_CPU_ON, PSCI_AFFINITY_INFO = 0xC4000003, 0xC4000004
NOT_SUPPORTED, INVALID_PARAMETERS, ALREADY_ON = -1, -2, -4


@pytest.mark.parametrize("binary", [MONITOR, relay_room.IMAGE], ids=lambda path: path.stem)
def test_the_shipped_bytes_are_those_of_the_source(binary: Path, tmp_path: Path) -> None:
    for tool in (AS, OBJCOPY):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: binutils-aarch64-linux-gnu)")
    built = tmp_path / "built.bin"

    subprocess.run([AS, "-o", tmp_path / "object.o", binary.with_suffix(".s")], check=True, timeout=60)
    subprocess.run([OBJCOPY, "-O", "binary", "-j", ".text", tmp_path / "object.o", built], check=True, timeout=60)

    assert built.read_bytes() == binary.read_bytes()


@contextmanager
def relayed(cpus: int = 2) -> Iterator[tuple[Relay, Session]]:
    """A board on which the relay runs, with agents 1 and 2 on strict firmware."""
    relay, hardware, software = Relay(), Hardware(cpus=cpus), Software(linux=relay_room.relay_image())
    firmware = Firmware(uniform_platform(two_agents(), 4), PROFILES["generic"])
    dtb = dtb_of(board_tree(hardware, software, []))
    with started(hardware, software, dtb, firmware, console=relay.receive) as session:
        relay.connect(session)
        yield relay, session


def test_psci_and_smccc_answer_as_their_specifications_say(qemu: str) -> None:
    with relayed() as (relay, session):
        expected = {
            (SMCCC_VERSION,): 0x10002,
            (SMCCC_ARCH_FEATURES, SMCCC_VERSION): 0,
            (SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES): 0,
            (SMCCC_ARCH_FEATURES, ARCH_WORKAROUND_1): NOT_SUPPORTED,
            (ARCH_WORKAROUND_1,): NOT_SUPPORTED,
            (PSCI_VERSION,): 0x10001,
            (PSCI_FEATURES, SMCCC_VERSION): 0,
            (PSCI_FEATURES, PSCI_CPU_ON): 0,
            (PSCI_FEATURES, 0x84000005): NOT_SUPPORTED,  # MIGRATE
            (PSCI_MIGRATE_INFO_TYPE,): 2,
            (PSCI_CPU_SUSPEND, 1 << 16): INVALID_PARAMETERS,
            (PSCI_AFFINITY_INFO, 0): 0,
            (PSCI_AFFINITY_INFO, 1): 1,
            (PSCI_AFFINITY_INFO, 2): INVALID_PARAMETERS,
            (PSCI_AFFINITY_INFO, 1 << 8): INVALID_PARAMETERS,
            (PSCI_AFFINITY_INFO, 0, 1): INVALID_PARAMETERS,
            (PSCI_CPU_ON, 0): ALREADY_ON,
            (PSCI_CPU_ON, 7): INVALID_PARAMETERS,
            (0x04000003,): NOT_SUPPORTED,  # a yielding call to standard services
            (0x86000000,): NOT_SUPPORTED,  # a hypervisor's range
        }

        answers = {call: relay.call(*call)[0] for call in expected}

        assert answers == expected
        relay.power_off()
        assert session.run(20).ending is Ending.POWER_OFF


def test_a_call_changes_x0_alone(qemu: str) -> None:
    with relayed(cpus=1) as (relay, _):
        assert relay.call(PSCI_VERSION, 0x1234, 0x5678, 0x9ABC)[1:] == (0x1234, 0x5678, 0x9ABC)
        assert relay.call(two_agents()[0].func_id, 0x1234, 0x5678, 0x9ABC) == (0, 0x1234, 0x5678, 0x9ABC)


def test_only_function_ids_of_channels_are_served(qemu: str) -> None:
    with relayed(cpus=1) as (relay, _):
        first, second = two_agents()

        assert [relay.call(func_id)[0] for func_id in (first.func_id, second.func_id)] == [0, 0]
        assert [relay.call(func_id)[0] for func_id in (0x82000099, 0x83000003, 0xC2000003)] == [NOT_SUPPORTED] * 3


def test_the_relay_carries_messages_on_a_real_page(qemu: str) -> None:
    with relayed(cpus=1) as (relay, session):
        for agent in two_agents():
            area = bytearray(4096)
            shmem.reset(area)
            header = Header.of(protocol_id=0x14, message_id=0x3, token=agent.agent_id)
            shmem.post(area, header, (1).to_bytes(4, "little"))

            assert relay.ring(agent.func_id, agent.shmem, area) == 0

            answer = shmem.collect(area)
            assert answer.header == header
            status = Status.SUCCESS if agent.agent_id == 1 else Status.DENIED
            assert int.from_bytes(answer.payload[:4], "little", signed=True) == status
        assert session.outcome().messages == 2


def test_a_notification_reaches_the_agents_page(qemu: str) -> None:
    """What one agent does to a clock, another hears of: in its platform-to-agent page, as SMC has no interrupt."""
    relay, hardware, software = Relay(), Hardware(cpus=1), Software(linux=relay_room.relay_image())
    firmware = Firmware(showcase(), PROFILES["generic"])
    listener, other = firmware.agents[1], firmware.agents[3]
    assert listener.p2a_shmem is not None
    dtb = dtb_of(board_tree(hardware, software, []))
    with started(hardware, software, dtb, firmware, console=relay.receive) as session:
        relay.connect(session)

        def send(agent: PlatformAgent, message_id: int, *words: int) -> int:
            area = bytearray(4096)
            shmem.reset(area)
            payload = struct.pack(f"<{len(words)}I", *words)
            shmem.post(area, Header.of(protocol_id=0x14, message_id=message_id), payload)
            assert relay.ring(agent.func_id, agent.shmem, area) == 0
            return int.from_bytes(shmem.collect(area).payload[:4], "little", signed=True)

        assert send(listener, 0x9, 0, 1) == Status.SUCCESS  # CLOCK_RATE_NOTIFY of clock 0
        assert send(other, 0x5, 0, 0, 20_000_000, 0) == Status.SUCCESS  # CLOCK_RATE_SET

        page = relay.peek(listener.p2a_shmem, 0x40)

    length, header = struct.unpack_from("<II", page, 0x14)
    assert header == Header.of(protocol_id=0x14, message_id=0x0, message_type=MessageType.NOTIFICATION)
    assert struct.unpack_from("<IIQ", page, 0x1C) == (3, 0, 20_000_000)
    assert length == 4 + 16


def test_a_qemu_that_does_not_start_ends_the_run_with_its_words(qemu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenscmi.board.machine.MONITOR", Path("/nonexistent.bin"))
    relay, hardware, software = Relay(), Hardware(cpus=1), Software(linux=relay_room.relay_image())
    firmware = Firmware(uniform_platform(two_agents(), 4), PROFILES["generic"])
    dtb = dtb_of(board_tree(hardware, software, []))
    with started(hardware, software, dtb, firmware, console=relay.receive) as session:
        with pytest.raises(relay_room.RelayError, match="the board is gone: qemu failed"):
            relay.connect(session)
        outcome = session.outcome()

    assert outcome.ending is Ending.QEMU_FAILED
    assert "nonexistent.bin" in outcome.detail
    assert not outcome.passed


@pytest.mark.slow
def test_a_ring_that_nobody_answers_ends_by_itself_and_a_late_answer_is_dropped(
    qemu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monitor waits for 5 s; what comes later must not be taken for the next ring's answer."""
    func_id, answer = two_agents()[0].func_id, Session.answer
    late: list[tuple[Ring, int]] = []

    def answer_late(session: Session, ring: Ring, result: int) -> None:
        """Keep the first ring's answer back until there is a second ring."""
        late.append((ring, 42 if not late else result))
        for each in late if len(late) > 1 else ():
            answer(session, *each)

    monkeypatch.setattr(Session, "answer", answer_late)
    with relayed(cpus=1) as (relay, _):
        assert relay.call(func_id)[0] == NOT_SUPPORTED
        assert relay.call(func_id)[0] == 0
