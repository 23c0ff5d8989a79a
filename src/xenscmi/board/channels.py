"""Agents on the board for programs on the host: a channel's messages go over a real page and a real SMC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from xenscmi.board.board import Hardware, Software, board_tree, dtb_of, started
from xenscmi.board.layout import MOST_AGENTS, PAGE_SIZE, PAGES
from xenscmi.board.relay import Relay, relay_image
from xenscmi.board.trace import Observer
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import Firmware, FirmwareProfile, Platform
from xenscmi.scmi.agent import Exchange
from xenscmi.scmi.shmem import Area, Posted, collect, post, reset

Ring = Callable[[int, Area], None]
"""Rings a channel: the agent id, and what stands in its page, which is then what the platform has left there."""


def on_the_board(platform: Platform) -> Platform:
    """Return a platform whose agents have their pages where the board has room for them, two for each agent.

    Raises XenscmiError for more agents than there is room for.
    """
    if len(platform.agents) > MOST_AGENTS:
        raise XenscmiError(Diagnostic(message=f"the board has room for {MOST_AGENTS} agents' pages"))
    agents = tuple(
        replace(
            agent,
            shmem=PAGES + 2 * number * PAGE_SIZE,
            p2a_shmem=None if agent.p2a_shmem is None else PAGES + (2 * number + 1) * PAGE_SIZE,
        )
        for number, agent in enumerate(platform.agents)
    )
    return replace(platform, agents=agents)


@contextmanager
def rung_from_inside(
    platform: Platform, profile: FirmwareProfile, *, observer: Observer | None = None
) -> Iterator[Ring]:
    """Switch on a board with a platform's firmware behind its EL3, and ring its channels from the normal world.

    Raises XenscmiError where qemu is missing, and for firmware that cannot be; RelayError when the board dies.
    """
    try:
        firmware = Firmware(on_the_board(platform), profile)
    except ValueError as error:
        raise XenscmiError(Diagnostic(message=str(error))) from None
    hardware, software, relay = Hardware(cpus=1), Software(linux=relay_image()), Relay()
    dtb = dtb_of(board_tree(hardware, software, []))

    def ring(agent_id: int, area: Area) -> None:
        agent = firmware.agents[agent_id]
        result = relay.ring(agent.func_id, agent.shmem, area)
        if result != 0:
            raise XenscmiError(Diagnostic(message=f"the SMC {agent.func_id:#x} returned {result}, must return 0"))

    with started(hardware, software, dtb, firmware, console=relay.receive, observer=observer) as session:
        relay.connect(session)
        yield ring


def exchange_of(ring: Ring, agent_id: int) -> Exchange:
    """Return an agent's channel: what carries a message to the platform and brings its answer."""
    area = bytearray(PAGE_SIZE)

    def exchange(posted: Posted) -> Posted:
        reset(area)
        post(area, posted.header, posted.payload)
        ring(agent_id, area)
        return collect(area)

    return exchange
