"""A domain's own view: the channel that its device tree offers, and SCMI spoken on it.

Everything goes the way a real guest's messages go: into the page through the domain's stage 2, an SMC, the mediator,
the firmware, and back. Nothing here knows more than the guest could.
"""

from __future__ import annotations

from xenscmi.config.constants import PAGE_MASK, PAGE_SHIFT
from xenscmi.model.domain import Domain
from xenscmi.model.errors import DataAbort
from xenscmi.model.memory import SMALLEST_WINDOW, AddressSpace
from xenscmi.model.xen import Model
from xenscmi.scmi.header import TOKENS, Header
from xenscmi.scmi.message import Command, Refusal, Request, Response, decode_answer
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.shmem import ChannelError, Posted, collect, post, reset
from xenscmi.toolstack.offer import Offer, offers


def offer_of(domain: Domain) -> Offer | None:
    """Return the channel that a domain's device tree offers it, as far as the tree is known."""
    return domain.offer or next(offers(domain.tree), None)


def own_offer(domain: Domain) -> Offer | None:
    """Return the channel that a domain's device tree should offer: its agent's, where the page is mapped for it."""
    channel = domain.channel
    frame = domain.memory.guest_frame(channel.address >> PAGE_SHIFT) if channel is not None else None
    if channel is None or frame is None:
        return None
    shmem = frame << PAGE_SHIFT | channel.address & PAGE_MASK
    return Offer(node="", func_id=channel.func_id, shmem=shmem)


class NoAnswer(Exception):
    """The doorbell was rung, and nothing came back: `result` is r0 of the SMC."""

    def __init__(self, result: int) -> None:
        super().__init__(result)
        self.result = result


class Guest:
    """An agent in a domain, on one channel; one message at a time."""

    def __init__(self, xen: Model, domid: int, memory: AddressSpace, func_id: int, shmem: int) -> None:
        self._xen = xen
        self._domid = domid
        self._memory = memory
        self._func_id = func_id
        self._shmem = shmem
        self._token = 0

    def carry(self, posted: Posted) -> Posted:
        """Take a message to the firmware, and return the answer.

        Raises NoAnswer, or DataAbort if the page is not there. A channel left busy is taken back by force.
        """
        area = memoryview(self._memory.page(self._shmem))[self._shmem & PAGE_MASK :]
        if len(area) < SMALLEST_WINDOW:
            raise DataAbort(self._shmem + len(area))
        reset(area)
        post(area, posted.header, posted.payload)
        result = self._xen.smc(self._domid, (self._func_id, 0, 0, 0, 0, 0, 0, 0))[0]
        if result:
            raise NoAnswer(result)
        try:
            return collect(area)
        except ChannelError:
            raise NoAnswer(result) from None

    def exchange(self, protocol_id: int, message_id: int, payload: bytes) -> bytes:
        """Send a message and return the answer's payload, status first. Raises as `carry` does."""
        self._token = self._token % (TOKENS - 1) + 1
        header = Header.of_command(protocol_id, message_id, self._token)
        answer = self.carry(Posted(header, payload))
        if answer.header != header:
            raise NoAnswer(0)
        return answer.payload

    def ask(self, protocol_id: int, request: Request, version: int = 0) -> Response | Refusal:
        """Send a request of a protocol, as of a version of it (0: the newest), and decode the answer.

        Raises as `send` does, and KeyError for a request that the version does not have.
        """
        found = protocol(protocol_id)
        rows = found.commands_of(version).values() if found else ()
        command = next((row for row in rows if row.request is type(request)), None)
        if command is None:
            raise KeyError(type(request).__name__)
        return self.send(command, request.encode())

    def send(self, command: Command, payload: bytes) -> Response | Refusal:
        """Send a command with the bytes of its request, and decode the answer.

        Raises as `exchange` does, and PayloadError for an answer that cannot be read.
        """
        return decode_answer(command.response, self.exchange(command.protocol_id, command.id, payload))
