"""The platform behind the doorbell: which agent a ring means, what the firmware answers, which fault is made.

The one module of this room that knows the firmware's surface: agents with channels, and (channel, bytes) → bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from xenscmi.board.faults import Action, Fault, FaultPlan, Part
from xenscmi.board.memory import Ram
from xenscmi.board.trace import Observer, TracedMessage
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import Firmware
from xenscmi.scmi.header import Header
from xenscmi.scmi.shmem import Posted, collect, reply, reset, take

SMC_SUCCESS, SMC_NOT_SUPPORTED = 0, -1
_HEADER = slice(0x18, 0x1C)  # in a page, where the message header stands


class Service:
    """Serves the pages in a board's RAM. `messages` counts the messages so far.

    Takes the firmware's `observer` over. Raises XenscmiError for a page that is not in the board's RAM.
    """

    def __init__(
        self, firmware: Firmware, ram: Ram, faults: Sequence[Fault] = (), observer: Observer | None = None
    ) -> None:
        self._firmware = firmware
        self._faults = FaultPlan(faults)
        self._observer = observer
        self._start = time.monotonic()
        self.messages = 0
        self._answered: tuple[Posted, bytes] | None = None
        firmware.observer = self._note
        self._pages: dict[int, tuple[int, memoryview]] = {}
        self._p2a_pages: dict[int, memoryview] = {}
        for func_id, agent in firmware.channels.items():
            self._pages[func_id] = agent.agent_id, _page(ram, agent.agent_id, agent.shmem)
            if agent.p2a_shmem is not None:
                self._p2a_pages[agent.agent_id] = _page(ram, agent.agent_id, agent.p2a_shmem)

    def start(self) -> None:
        """Free all channels, as firmware does before it starts the normal world, and begin to count the time."""
        for page in self._all_pages():
            reset(page)
        self._start = time.monotonic()

    def _all_pages(self) -> list[memoryview]:
        return [*(page for _, page in self._pages.values()), *self._p2a_pages.values()]

    def ring(self, func_id: int) -> int:
        """Serve the channel that a function id means, then send what is to be sent to agents; return the SMC's result.

        An SMC that means no channel is NOT_SUPPORTED.
        """
        channel = self._pages.get(func_id)
        if channel is None:
            return SMC_NOT_SUPPORTED
        agent_id, page = channel
        at = time.monotonic() - self._start
        fault = self._faults.next(agent_id, Header(int.from_bytes(page[_HEADER], "little")))
        served = self._serve(agent_id, page, fault)
        if served is not None:
            (header, request), response = served
            self.messages += 1
            if self._observer is not None:
                text = fault.text if fault is not None else ""
                self._observer(
                    TracedMessage(
                        at=at, agent_id=agent_id, header=header, request=request, response=response, fault=text
                    )
                )
        for agent, p2a_page in self._p2a_pages.items():
            self._firmware.deliver(agent, p2a_page)
        return SMC_SUCCESS

    def _serve(self, agent_id: int, page: memoryview, fault: Fault | None) -> tuple[Posted, bytes | None] | None:
        """Serve a page, with a fault if there is one; return the message and its answer, or None for no message."""
        if fault is not None and fault.action in (Action.REFUSE, Action.DROP):
            return self._withhold(page, fault)
        if fault is not None:
            time.sleep(fault.seconds)
        self._answered = None
        self._firmware.serve(agent_id, page)
        if self._answered is None:
            return None
        posted, response = self._answered
        if fault is not None and fault.action is Action.CORRUPT:
            return posted, _corrupt(page, fault.part)
        return posted, response

    def _withhold(self, page: memoryview, fault: Fault) -> tuple[Posted, bytes | None] | None:
        """Answer a message without the firmware, or not at all: the agent's channel then stays taken."""
        posted = take(page, self._firmware.profile.max_request)
        if posted is None or fault.action is Action.DROP:
            return None if posted is None else (posted, None)
        refusal = fault.status.to_bytes(4, "little", signed=True)
        reply(page, posted.header, refusal)
        return posted, refusal

    def _note(self, agent_id: int, header: Header, request: bytes, response: bytes) -> None:
        """Keep what the firmware answers, for `_serve`."""
        self._answered = Posted(header, request), response

    def release(self) -> None:
        """Let go of the pages, so that the RAM can be given back."""
        for page in self._all_pages():
            page.release()
        self._pages.clear()
        self._p2a_pages.clear()


def _page(ram: Ram, agent_id: int, address: int) -> memoryview:
    if not ram.has(address, 1):
        message = f"agent {agent_id}: its page {address:#x} is not in the board's RAM"
        raise XenscmiError(Diagnostic(message=message, help="the board has RAM from 0x40000000 on"))
    return ram.page(address)


def _corrupt(page: memoryview, part: Part) -> bytes:
    """Corrupt the answer in a page; return the payload that is there now."""
    header, payload = collect(page)
    match part:
        case Part.HEADER:
            header = Header(header ^ 1 << 18)
        case Part.LENGTH:
            payload = payload[:-1]
        case Part.PAYLOAD:
            payload = bytes(byte ^ 0xFF for byte in payload)
    reply(page, header, payload)
    return payload
