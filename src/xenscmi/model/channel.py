"""A channel to the firmware as Xen's mediator keeps it, and one exchange on it.

After send_smc_message, shmem_put_message, shmem_get_response and do_smc_xfer of the series' driver (v10).
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Mapping
from threading import Lock

from xenscmi.model.console import Console
from xenscmi.model.memory import PhysicalMemory
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Request
from xenscmi.scmi.protocols.base import PROTOCOL
from xenscmi.scmi.shmem import PAYLOAD, ChannelError, ChannelStatus, post
from xenscmi.scmi.status import Status
from xenscmi.toolstack.backend import XenError

Registers = tuple[int, ...]
"""r0 to r7 of an SMC, or r0 to r3 of its result."""
SecureMonitor = Callable[[Registers], Registers]
"""What an SMC of Xen's reaches."""

DOMID_XEN = 0x7FF2
DOMID_INVALID = 0x7FF4

SMCCC_INVALID_PARAMETER = (1 << 64) - 3

ERRNO: Mapping[int, int] = {
    Status.NOT_SUPPORTED: errno.EOPNOTSUPP,
    Status.INVALID_PARAMETERS: errno.EINVAL,
    Status.DENIED: errno.EACCES,
    Status.NOT_FOUND: errno.ENOENT,
    Status.OUT_OF_RANGE: errno.ERANGE,
    Status.BUSY: errno.EBUSY,
    Status.COMMS_ERROR: errno.ENOTCONN,
    Status.GENERIC_ERROR: errno.EIO,
    Status.HARDWARE_ERROR: errno.ENXIO,
    Status.PROTOCOL_ERROR: errno.EBADMSG,
}
"""SCMI status → errno; any other status is EINVAL."""

_MESSAGE_IDS = {command.request: command.id for command in PROTOCOL.commands}
_STATUS = struct.Struct("<I")
_LENGTH_HEADER_STATUS = struct.Struct("<IIi")


class Channel:
    """An agent's channel: its function id and page, and the domain that owns it (DOMID_INVALID: none)."""

    __slots__ = ("address", "agent_id", "func_id", "lock", "owner")

    def __init__(self, agent_id: int, func_id: int, address: int) -> None:
        self.agent_id = agent_id
        self.func_id = func_id
        self.address = address
        self.owner = DOMID_INVALID
        self.lock = Lock()

    def __repr__(self) -> str:
        return f"Channel(agent_id={self.agent_id}, func_id={self.func_id:#x}, address={self.address:#x})"


class Link:
    """Xen's own access to channels: physical memory, SMC, and the console on which it says what it does."""

    def __init__(self, memory: PhysicalMemory, smc: SecureMonitor, console: Console) -> None:
        self._memory = memory
        self._smc = smc
        self._console = console

    def open(self, channel: Channel) -> None:
        """Map the channel's page, which marks it free."""
        self._memory.window(channel.address)[4:8] = _STATUS.pack(ChannelStatus.of(free=True))

    def transfer(self, channel: Channel, request: Request, room: int) -> bytes:
        """Send a message of the base protocol, with token 0; return at most `room` bytes of what follows the status.

        Raises XenError with what went wrong.
        """
        header = Header.of(protocol_id=PROTOCOL.id, message_id=_MESSAGE_IDS[type(request)])
        agent, result = _signed(channel.agent_id), 0
        with channel.lock:
            self._console.print(
                f"scmi: agent_id = {agent} msg_id = {header.message_id:x} type = 0, proto = {header.protocol_id:x}"
            )
            try:
                self._send(channel, header, request.encode())
                return self._receive(channel, room)
            except XenError as error:
                result = -error.errno
                raise
            finally:
                self._console.print(
                    f"scmi: get smc response agent_id = {agent} msg_id = {header.message_id:x} "
                    f"proto = {header.protocol_id:x} res={result}"
                )

    def _send(self, channel: Channel, header: Header, payload: bytes) -> None:
        try:
            post(self._memory.window(channel.address), header, payload)
        except ChannelError:
            raise XenError(errno.EBUSY) from None
        result = self._smc((channel.func_id, 0, 0, 0, 0, 0, 0, 0))[0]
        if result == SMCCC_INVALID_PARAMETER:
            raise XenError(errno.EINVAL)
        if result:
            raise XenError(errno.EOPNOTSUPP)

    def _receive(self, channel: Channel, room: int) -> bytes:
        copy = bytes(self._memory.window(channel.address))
        if not _STATUS.unpack_from(copy, 4)[0] & ChannelStatus.of(free=True):
            raise XenError(errno.EBUSY)
        length, _, status = _LENGTH_HEADER_STATUS.unpack_from(copy, 0x14)
        if length < 4:
            self._console.print("scmi: Wrong size of smc message. Data may be invalid")
            raise XenError(errno.EINVAL)
        if status != Status.SUCCESS:
            number = ERRNO.get(status, errno.EINVAL)
            self._console.print(f"scmi: Error received: {-number}")
            raise XenError(number)
        received = max(length - 8, 0)
        if received > room:
            self._console.print(f"scmi: Not enough buffer for message {received}, expecting {room}")
            raise XenError(errno.EINVAL)
        return copy[PAYLOAD + 4 : PAYLOAD + 4 + received]


def _signed(number: int) -> int:
    """Return a 32-bit number as `%d` prints it."""
    return number - (1 << 32) if number >> 31 else number
