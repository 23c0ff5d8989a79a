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
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.shmem import Area, Posted, collect, post, reset, take


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


class BoardChannels:
    """The channels of a board's agents, rung from inside the normal world."""

    def __init__(self, firmware: Firmware, relay: Relay) -> None:
        self._agents = firmware.agents
        self._relay = relay

    def ring(self, agent_id: int, area: Area) -> None:
        """Ring a channel with what an area has; the area then has what the platform has left in the page.

        Raises XenscmiError if the SMC is refused, RelayError where the board has died.
        """
        agent = self._agents[agent_id]
        result = self._relay.ring(agent.func_id, agent.shmem, area)
        if result != 0:
            raise XenscmiError(Diagnostic(message=f"the SMC {agent.func_id:#x} returned {result}, must return 0"))

    def exchange_of(self, agent_id: int) -> Exchange:
        """Return what carries an agent's message to the platform and brings the answer."""
        area = bytearray(PAGE_SIZE)

        def exchange(posted: Posted) -> Posted:
            reset(area)
            post(area, posted.header, posted.payload)
            self.ring(agent_id, area)
            return collect(area)

        return exchange

    def receive_of(self, agent_id: int) -> Callable[[], Posted | None]:
        """Return what takes the next message that the platform has sent to an agent, and acknowledges it."""
        agent = self._agents[agent_id]
        exchange = self.exchange_of(agent_id)

        def receive() -> Posted | None:
            if agent.p2a_shmem is None:
                return None
            exchange(_NOTHING)  # the platform posts what waits when it is rung
            area = bytearray(self._relay.peek(agent.p2a_shmem, _LONGEST_NOTIFICATION))
            if area[_STATUS] & 1:
                return None
            posted = take(area, len(area))
            reset(area)
            self._relay.poke(agent.p2a_shmem, bytes(area))
            return posted

        return receive


_NOTHING = Posted(Header.of(protocol_id=ProtocolId.BASE, message_id=0x0), b"")
_LONGEST_NOTIFICATION = 0x100
_STATUS = 0x04  # in a page, the channel's status; bit 0: free


@contextmanager
def board_channels(
    platform: Platform, profile: FirmwareProfile, *, observer: Observer | None = None
) -> Iterator[BoardChannels]:
    """Switch on a board with a platform's firmware behind its EL3; yield the channels of its agents.

    Raises XenscmiError if qemu is missing, and for firmware that cannot be; RelayError when the board dies.
    """
    firmware = Firmware(on_the_board(platform), profile)
    hardware, software, relay = Hardware(cpus=1), Software(linux=relay_image()), Relay()
    dtb = dtb_of(board_tree(hardware, software, []))
    with started(hardware, software, dtb, firmware, console=relay.receive, observer=observer) as session:
        relay.connect(session)
        yield BoardChannels(firmware, relay)
