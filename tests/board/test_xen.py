"""Debian's Xen 4.20 on the board: its single-agent driver forwards dom0's messages to our firmware."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.board.conftest import Boot, node, two_agents
from tests.board.test_linux import PROBE, SHOW, part

from xenscmi.board.board import Hardware, Software, started
from xenscmi.board.hosts import board_host, with_software
from xenscmi.board.initrd import shell_initrd
from xenscmi.board.relay import relay_image
from xenscmi.board.session import Ending
from xenscmi.board.trace import TracedMessage
from xenscmi.cli.files import load_host
from xenscmi.devicetree import load, write_dtb

VPL011 = 0x2200_0000  # the UART that Xen emulates (arch-arm.h)

pytestmark = pytest.mark.slow

VECTOR = Path(__file__).parents[1] / "vectors" / "boot" / "good-default"


def test_dom0_reaches_the_firmware_through_xen(boot: Boot, xen: bytes) -> None:
    run = boot(SHOW, agents=[node(two_agents()[0], rtc=1, consumers=[1])], xen=xen, timeout=90)

    assert "(XEN) Using SMC Calling Convention v1.2" in run.console
    assert "(XEN) Using SCMI with SMC ID: 0x82000003" in run.console
    assert run.outcome.ending is Ending.POWER_OFF, run.console[-2000:]
    assert run.outcome.passed
    assert run.names(1)[: len(PROBE)] == PROBE
    assert "9010000.rtc" in part(run.console, "bound")
    assert "clock-1 " in part(run.console, "clocks")


def test_a_panic_of_xen_ends_the_run_with_its_reason(boot: Boot, xen: bytes) -> None:
    """qemu does not end by itself after one, and says nothing."""
    run = boot("true", agents=[], xen=xen, kernel=b"\0" * 4096, timeout=60)

    assert run.outcome.ending is Ending.PANIC
    assert not run.outcome.passed
    assert run.outcome.detail.startswith("Could not set up DOM0 guest OS")


def test_a_host_for_this_machine_boots_with_its_own_tree(boot: Boot, xen: bytes, linux: bytes, busybox: bytes) -> None:
    """Of a host that a multi-agent Xen booted, an older one takes the tree, dom0's agent and the dom0less domain."""
    host = board_host(load_host([str(VECTOR / "host.dts"), str(VECTOR / "domU1.dts")]).host)
    assert host.tree is not None
    partial = write_dtb(load(VECTOR / "domU1.dts"))
    software = Software(
        linux=linux,
        initrd=shell_initrd(busybox, "cat /sys/kernel/debug/clk/clk_summary\necho xenscmi-report: pass"),
        bootargs="console=hvc0 panic=-1",
        xen=xen,
        xen_bootargs="console=dtuart dom0_mem=512M noreboot",
        loads=((0x68000000, relay_image(VPL011)), (0x6F000000, partial)),
    )
    console = bytearray()
    messages: list[TracedMessage] = []
    dtb = write_dtb(with_software(host.tree, software))
    with started(
        Hardware(), software, dtb, host.firmware(), console=console.extend, observer=messages.append
    ) as session:
        outcome = session.run(120)

    text = console.decode(errors="replace")
    assert outcome.ending is Ending.POWER_OFF, text[-3000:]
    assert outcome.passed
    assert "(XEN) Using SCMI with SMC ID: 0x82000002" in text
    assert "(XEN) DOM1: relay ready" in text
    assert {message.agent_id for message in messages} == {0}
