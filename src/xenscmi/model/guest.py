"""A domain's own view: the channel that its device tree offers, and SCMI spoken on it.

Everything goes the way a real guest's messages go: into the page through the domain's stage 2, an SMC, the mediator,
the firmware, and back. Nothing here knows more than the guest could.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xenscmi.bindings.addresses import written_reg
from xenscmi.bindings.names import PAGE_MASK, PAGE_SHIFT, SCMI_SMC, SHMEM, SMC_ID
from xenscmi.bindings.properties import is_compatible, read_u32
from xenscmi.devicetree import Node
from xenscmi.model.domain import Domain
from xenscmi.model.errors import DataAbort
from xenscmi.model.memory import SMALLEST_WINDOW, AddressSpace
from xenscmi.scmi.header import TOKENS, Header
from xenscmi.scmi.message import Refusal, Request, Response, decode_answer
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.shmem import ChannelError, Posted, collect, post, reset
from xenscmi.toolstack.backend import Hypervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A channel as a device tree offers it: the SCMI node, its function id, and the page's guest physical address.

    `node` is empty where no tree is known.
    """

    node: str
    func_id: int
    shmem: int


def offers(nodes: Sequence[Node]) -> Iterator[Offer]:
    """Yield the usable channels of a domain's device tree, in its order."""
    phandles = {phandle: node for node in nodes if (phandle := read_u32(node, "phandle")) is not None}
    for node in nodes:
        if not is_compatible(node, SCMI_SMC):
            continue
        func_id, shmem = read_u32(node, SMC_ID), read_u32(node, SHMEM)
        page = phandles.get(shmem) if shmem is not None else None
        regions = written_reg(page) if page is not None else ()
        if func_id is not None and regions:
            yield Offer(node=node.path, func_id=func_id, shmem=regions[0].address)


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

    def __init__(self, xen: Hypervisor, domid: int, memory: AddressSpace, func_id: int, shmem: int) -> None:
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
        header = Header.of(protocol_id=protocol_id, message_id=message_id, token=self._token)
        answer = self.carry(Posted(header, payload))
        if answer.header != header:
            raise NoAnswer(0)
        return answer.payload

    def ask(self, protocol_id: int, request: Request, version: int = 0) -> Response | Refusal:
        """Send a request of a protocol, as of a version of it (0: the newest), and decode the answer.

        Raises as `exchange` does, KeyError for a request that the version does not have, and PayloadError for an answer
        that cannot be read.
        """
        found = protocol(protocol_id)
        rows = found.commands_of(version).values() if found else ()
        command = next((row for row in rows if row.request is type(request)), None)
        if command is None:
            raise KeyError(type(request).__name__)
        return decode_answer(command.response, self.exchange(protocol_id, command.id, request.encode()))
