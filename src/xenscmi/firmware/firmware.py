"""The firmware: agents on channels, a server for each protocol, (channel, bytes) → bytes.

Rules:
1. Who is calling comes from the channel that was rung, never from the message.
2. A message is copied out of the shared page once; only the copy is read.
3. Every message that can be read is answered, if need be by a status. A refused message changes nothing.
4. No message makes the firmware wait: a handler works on its own tables and returns, so no channel blocks another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware.base import BaseServer
from xenscmi.firmware.outbox import Outbox
from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Platform, PlatformAgent
from xenscmi.firmware.server import STATUS_BYTES, Context, Server, State
from xenscmi.firmware.servers import make_servers
from xenscmi.firmware.validation import ResourceProblem, problems_of
from xenscmi.scmi import shmem
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.shmem import Area

Observer = Callable[[int, Header, bytes, bytes], None]
"""Called with agent id, header, request payload and answer payload of every message, in order."""

_TYPE_MASK = Header.message_type.mask << Header.message_type.low
_LIST_PROTOCOLS = Header.of(protocol_id=ProtocolId.BASE, message_id=0x6)
_WHICH_COMMAND = 0x3FCFF  # protocol and message id


class PlatformError(XenscmiError, ValueError):
    """A platform that cannot be; `problems` has all of them."""

    def __init__(self, *problems: ResourceProblem) -> None:
        super().__init__(*(Diagnostic(message=f"{each.path}: {each.message}", help=each.fix) for each in problems))
        self.problems = problems


class FirmwareState(NamedTuple):
    """What messages can change.

    `permissions`: agent id → granted devices, and (device, protocol) pairs denied; `resources`: protocol → its server's
    state.
    """

    permissions: Mapping[int, tuple[list[int], list[tuple[int, int]]]]
    resources: Mapping[int, State]


class Firmware:
    """EL3 firmware of one profile, in control of one platform.

    `agents` by agent id, `channels` by SMC function id. Safe to call from many threads. Raises PlatformError for a
    platform that cannot be.
    """

    def __init__(self, platform: Platform, profile: FirmwareProfile, observer: Observer | None = None) -> None:
        problems = tuple(problems_of(platform))
        if problems:
            raise PlatformError(*problems)
        self.platform = platform
        self.profile = profile
        self.observer = observer
        self.agents: Mapping[int, PlatformAgent] = {agent.agent_id: agent for agent in platform.agents}
        self.channels: Mapping[int, PlatformAgent] = {agent.func_id: agent for agent in platform.agents}
        self.permissions = Permissions(
            platform.devices,
            {agent.agent_id: agent.devices for agent in platform.agents},
            _trusted_agents(platform, profile),
            regrant_reopens=profile.regrant_reopens,
        )
        self.outbox = Outbox(self.agents, self.permissions.may_use, sends=profile.notifications)
        self.servers = self._make_servers()
        self._dead: set[int] = set()
        self._lock = Lock()

    def _make_servers(self) -> Mapping[int, Server]:
        context = Context(
            profile=self.profile, platform=self.platform, permissions=self.permissions, outbox=self.outbox
        )
        servers = make_servers(context)
        return {ProtocolId.BASE: BaseServer(context, self.agents, servers), **servers}

    def answer(self, agent: int, header: Header, payload: bytes) -> bytes:
        """Return the payload of the answer, status first, to a message that the agent sent on its channel."""
        with self._lock:
            self.outbox.header = header
            server = self.servers.get(header >> 10 & 0xFF)
            if server is None or (header & _TYPE_MASK != MessageType.COMMAND and not self.profile.any_message_type):
                answer = STATUS_BYTES[self.profile.status("unknown_protocol")]
            else:
                answer = server.answer(agent, header & 0xFF, payload)
            if self.observer is not None:
                self.observer(agent, header, payload, answer)
            return answer

    # Shared memory

    def serve(self, agent: int, area: Area) -> None:
        """Answer the message in an agent's shared memory, in place; one that cannot be read is a channel error."""
        profile = self.profile
        keep = profile.keeps_status_bits
        if agent in self._dead:
            shmem.fail(area, keep_status=keep)
            return
        posted = shmem.take(area, profile.max_request, keep_status=keep)
        if posted is None:
            if profile.dies_on_error:
                self._dead.add(agent)
            return
        answer = self.answer(agent, posted.header, posted.payload)
        padding = 0
        if profile.leaves_padding and posted.header & _WHICH_COMMAND == _LIST_PROTOCOLS and len(answer) > 8:
            padding = len(answer) - 8 - int.from_bytes(answer[4:8], "little")
        shmem.reply(area, posted.header, answer, keep_status=keep, padding=padding)

    def deliver(self, agent: int, area: Area) -> bool:
        """Post the next notification or delayed response in an agent's platform-to-agent area.

        Returns whether there was one: nothing is posted while the agent has not acknowledged the last one.
        """
        with self._lock:
            if not area[4] & 1 or not self.outbox.waiting(agent):
                return False
            posted = self.outbox.next(agent)
            assert posted is not None
            shmem.post(area, posted.header, posted.payload, interrupt=True)
            return True

    # State

    def state(self) -> FirmwareState:
        """Return everything that messages have changed since boot, as plain values."""
        agents = {
            agent: (sorted(self.permissions.devices_of(agent)), sorted(self.permissions.denied_of(agent)))
            for agent in self.agents
        }
        resources = {protocol: server.state() for protocol, server in self.servers.items()}
        resources[ProtocolId.BASE] = [*resources[ProtocolId.BASE], *_rows(self._dead)]
        return FirmwareState(agents, resources)

    def restore(self, state: FirmwareState) -> None:
        """Take over what `state` returned on firmware of the same platform."""
        with self._lock:
            for agent, (granted, denied) in state.permissions.items():
                self.permissions.restore(agent, granted, denied)
            for protocol, resources in state.resources.items():
                if protocol == ProtocolId.BASE:
                    self._dead = {row[0] or 0 for row in resources if len(row) == 1}
                    resources = [row for row in resources if len(row) > 1]
                self.servers[protocol].restore(resources)


def _rows(dead: set[int]) -> State:
    """Return a row for each agent whose channel is dead."""
    return [[agent] for agent in sorted(dead)]


def _trusted_agents(platform: Platform, profile: FirmwareProfile) -> frozenset[int]:
    if profile.trusted_agents is not None:
        return profile.trusted_agents
    return frozenset(agent.agent_id for agent in platform.agents if agent.trusted)
