"""What the tests of the board share: qemu, Debian's arm64 packages, and a Linux that runs a script.

Whatever is not to be had here skips the tests that need it, with the reason.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import debian_packages
import pytest

from xenscmi.board import layout
from xenscmi.board.board import Hardware, Software, board_tree, dtb_of, started
from xenscmi.board.faults import parse_fault
from xenscmi.board.images import unpack_image
from xenscmi.board.initrd import shell_initrd
from xenscmi.board.machine import QEMU
from xenscmi.board.session import Outcome
from xenscmi.board.trace import TracedMessage
from xenscmi.board.tree import AgentNode, Consumer
from xenscmi.firmware import PROFILES, Firmware, FirmwareProfile, Platform, PlatformAgent, uniform_platform
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.protocols import command

PROTOCOLS = (ProtocolId.POWER_DOMAIN, ProtocolId.CLOCK, ProtocolId.RESET)
LINUX_6_1 = replace(PROFILES["generic"], versions={ProtocolId.CLOCK: 0x20000})
"""Linux before 6.7 sends CLOCK_CONFIG_SET as clock protocol 2.0 has it, whatever version it is told."""


def two_agents() -> tuple[PlatformAgent, ...]:
    """Agents 1 and 2, each with the device of its own number."""
    return tuple(
        PlatformAgent(
            agent_id=number,
            func_id=layout.FUNC_ID + number,
            shmem=layout.PAGES + number * layout.PAGE_SIZE,
            devices=frozenset({number}),
        )
        for number in (1, 2)
    )


def node(agent: PlatformAgent, *, rtc: int | None = None, consumers: Sequence[int] = ()) -> AgentNode:
    parts = [Consumer(number, number, number) for number in consumers]
    return AgentNode(func_id=agent.func_id, page=agent.shmem, protocols=PROTOCOLS, rtc=rtc, consumers=parts)


@dataclass(frozen=True)
class Run:
    """What came of a boot: the console, and the messages in order."""

    console: str
    messages: list[TracedMessage]
    outcome: Outcome

    def names(self, agent_id: int) -> list[str]:
        """The messages of an agent: `clock CLOCK_ATTRIBUTES`, `base PROTOCOL_VERSION`."""
        return [name_of(each) for each in self.messages if each.agent_id == agent_id]

    def statuses(self, name: str, agent_id: int) -> list[int]:
        """The statuses with which an agent's messages of a name were answered."""
        return [
            int.from_bytes((each.response or b"")[:4], "little", signed=True)
            for each in self.messages
            if each.agent_id == agent_id and name_of(each) == name
        ]


def name_of(message: TracedMessage) -> str:
    found = command(message.header.protocol_id, message.header.message_id)
    protocol = ProtocolId(message.header.protocol_id).name.lower()
    return f"{protocol} {found.name if found else message.header.message_id}"


@pytest.fixture(scope="session")
def qemu() -> str:
    path = shutil.which(QEMU)
    if path is None:
        pytest.skip(f"{QEMU} is not installed (Debian: qemu-system-arm)")
    return path


def packages(suite: str, *names: str) -> dict[str, Path]:
    try:
        return debian_packages.fetch(suite, names)
    except debian_packages.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def busybox() -> bytes:
    return (packages("bookworm", "busybox-static")["busybox-static"] / "bin/busybox").read_bytes()


def kernel_of(suite: str, flavour: str = "cloud-arm64") -> bytes:
    """Return the image of the suite's kernel; skips where it cannot be had."""
    try:
        file = debian_packages.kernel(suite, flavour)
    except debian_packages.Unavailable as error:
        pytest.skip(str(error))
    return unpack_image(file.read_bytes(), file.name)


@pytest.fixture(scope="session")
def linux() -> bytes:
    """Debian 12's kernel, 6.1."""
    return kernel_of("bookworm")


@pytest.fixture(scope="session")
def xen() -> bytes:
    """Debian 13's Xen, 4.20."""
    name = "xen-hypervisor-4.20-arm64"
    return unpack_image((packages("trixie", name)[name] / "boot/xen-4.20-arm64").read_bytes(), name)


Boot = Callable[..., Run]


@pytest.fixture
def boot(qemu: str, linux: bytes, busybox: bytes) -> Boot:
    """A function that boots a Linux which runs a script and powers off."""

    def run(
        script: str,
        *,
        agents: Sequence[AgentNode] = (),
        platform: Platform | None = None,
        profile: FirmwareProfile = LINUX_6_1,
        faults: Sequence[str] = (),
        kernel: bytes = b"",
        xen: bytes = b"",
        timeout: float = 60,
    ) -> Run:
        firmware = Firmware(platform or uniform_platform(two_agents(), 4), profile)
        hardware = Hardware()
        console = bytearray()
        messages: list[TracedMessage] = []
        software = Software(
            linux=kernel or linux,
            initrd=shell_initrd(busybox, script),
            bootargs=f"console={'hvc0' if xen else 'ttyAMA0'} panic=-1",
            xen=xen,
            xen_bootargs="console=dtuart dtuart=/serial@9000000 dom0_mem=512M loglvl=all noreboot",
        )
        dtb = dtb_of(board_tree(hardware, software, agents))
        with started(
            hardware,
            software,
            dtb,
            firmware,
            console=console.extend,
            faults=[parse_fault(each) for each in faults],
            observer=messages.append,
        ) as session:
            outcome = session.run(timeout)
        return Run(console.decode(errors="replace").replace("\r", ""), messages, outcome)

    return run
