"""The platform behind the doorbell: which agent a ring means, what the firmware answers, which fault is made.

The one module of this room that knows the firmware's surface: agents with channels, and (channel, bytes) → bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from xenscmi.board.faults import Action, Fault, FaultPlan, Part
from xenscmi.board.memory import Ram
from xenscmi.board.trace import Exchange, Observer
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import Firmware
from xenscmi.scmi.header import Header
from xenscmi.scmi.shmem import reply, reset, take

SMC_SUCCESS, SMC_NOT_SUPPORTED = 0, -1


class Service:
    """Serves the pages in a board's RAM. `exchanges` counts the messages so far.

    Raises XenscmiError for a page that is not in the board's RAM.
    """

    def __init__(
        self, firmware: Firmware, ram: Ram, faults: Sequence[Fault] = (), observer: Observer | None = None
    ) -> None:
        self._firmware = firmware
        self._faults = FaultPlan(faults)
        self._observer = observer
        self._start = time.monotonic()
        self.exchanges = 0
        self._pages: dict[int, tuple[int, memoryview]] = {}
        for func_id, agent in firmware.channels.items():
            if not ram.has(agent.shmem, 1):
                message = f"agent {agent.agent_id}: its page {agent.shmem:#x} is not in the board's RAM"
                raise XenscmiError(Diagnostic(message=message, help="the board has RAM from 0x40000000 on"))
            self._pages[func_id] = agent.agent_id, ram.page(agent.shmem)

    def start(self) -> None:
        """Free all channels, as firmware does before it starts the normal world, and begin to count the time."""
        for _, page in self._pages.values():
            reset(page)
        self._start = time.monotonic()

    def ring(self, func_id: int) -> int:
        """Serve the channel that a function id means; return the SMC's result.

        An SMC that means no channel is NOT_SUPPORTED.
        """
        channel = self._pages.get(func_id)
        if channel is None:
            return SMC_NOT_SUPPORTED
        agent_id, page = channel
        posted = take(page, self._firmware.profile.max_request)
        if posted is not None:
            self._serve(agent_id, page, posted.header, posted.payload)
        return SMC_SUCCESS

    def _serve(self, agent_id: int, page: memoryview, header: Header, request: bytes) -> None:
        fault = self._faults.next(agent_id, header)
        at = time.monotonic() - self._start
        response = self._answer(agent_id, header, request, fault)
        if response is not None:
            if fault is not None and fault.action is Action.CORRUPT:
                header_back, response = _corrupted(header, response, fault.part)
                reply(page, header_back, response)
            else:
                reply(page, header, response)
        self.exchanges += 1
        if self._observer is not None:
            text = fault.text if fault is not None else ""
            self._observer(
                Exchange(at=at, agent_id=agent_id, header=header, request=request, response=response, fault=text)
            )

    def _answer(self, agent_id: int, header: Header, request: bytes, fault: Fault | None) -> bytes | None:
        if fault is not None:
            if fault.action is Action.DROP:
                return None
            if fault.action is Action.REFUSE:
                return fault.status.to_bytes(4, "little", signed=True)
            time.sleep(fault.seconds)
        return self._firmware.answer(agent_id, header, request)

    def release(self) -> None:
        """Let go of the pages, so that the RAM can be given back."""
        for _, page in self._pages.values():
            page.release()
        self._pages.clear()


def _corrupted(header: Header, response: bytes, part: Part) -> tuple[Header, bytes]:
    match part:
        case Part.HEADER:
            return Header(header ^ 1 << 18), response
        case Part.LENGTH:
            return header, response[:-1]
        case Part.PAYLOAD:
            return header, bytes(byte ^ 0xFF for byte in response)
