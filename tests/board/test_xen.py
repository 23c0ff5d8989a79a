"""Debian's Xen 4.20 on the board: its single-agent driver forwards dom0's messages to our firmware."""

from __future__ import annotations

import pytest
from tests.board.conftest import Boot, node, two_agents
from tests.board.test_linux import PROBE, SHOW, part

from xenscmi.board.session import Ending

pytestmark = pytest.mark.slow


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
