"""The firmware: agents on channels, a server for each protocol, (channel, bytes) → bytes.

Rules:
1. Who is calling comes from the channel that was rung, never from what was said.
2. A message is copied out of the shared page once; the copy alone is looked at.
3. Every message that can be read is answered, if need be by a status. A refused message changes nothing.
4. No message makes the firmware wait: a handler works on its own tables and returns, so no channel blocks another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple

from xenscmi.firmware.base import BaseServer
from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Platform, PlatformAgent
from xenscmi.firmware.server import STATUS_BYTES, Server, State
from xenscmi.firmware.servers import make_servers
from xenscmi.scmi.header import Header, MessageType, ProtocolId
from xenscmi.scmi.shmem import Area, reply, take
from xenscmi.scmi.status import Status

Observer = Callable[[int, Header, bytes, bytes], None]
"""Called with agent id, header, request payload and answer payload of every message, in order."""


class FirmwareState(NamedTuple):
    """What messages can change.

    `permissions`: agent id → granted devices, and (device, protocol) pairs denied; `resources`: protocol → its server's
    state.
    """

    permissions: Mapping[int, tuple[list[int], list[tuple[int, int]]]]
    resources: Mapping[int, State]


class Firmware:
    """EL3 firmware of one profile, looking after one platform.

    `agents` by agent id, `channels` by SMC function id. Safe to call from many threads. Raises ValueError for a
    platform with two agents of one id or function id, or with devices that own resources that do not exist.
    """

    def __init__(self, platform: Platform, profile: FirmwareProfile, observer: Observer | None = None) -> None:
        self.platform = platform
        self.profile = profile
        self.observer = observer
        self.agents: Mapping[int, PlatformAgent] = {agent.agent_id: agent for agent in platform.agents}
        self.channels: Mapping[int, PlatformAgent] = {agent.func_id: agent for agent in platform.agents}
        if not len(self.agents) == len(self.channels) == len(platform.agents):
            raise ValueError("two agents of one firmware have the same agent id or function id")
        self.permissions = Permissions(
            platform.devices,
            {agent.agent_id: agent.devices for agent in platform.agents},
            _trusted_agents(platform, profile),
        )
        self.servers = self._make_servers()
        self._check_devices()
        self._lock = Lock()

    def _make_servers(self) -> Mapping[int, Server]:
        """Make a server for each protocol of which the platform has resources, and the base server over them."""
        servers = make_servers(self.profile, self.permissions, self.platform)
        devices = frozenset(device.device_id for device in self.platform.devices)
        return {ProtocolId.BASE: BaseServer(self.profile, self.permissions, self.agents, devices, servers), **servers}

    def _check_devices(self) -> None:
        for device in self.platform.devices:
            for protocol, numbers in device.resources.items():
                server = self.servers.get(protocol)
                if numbers and (server is None or not all(map(server.has, numbers))):
                    raise ValueError(
                        f"device {device.device_id} owns resources of protocol {protocol:#x} that do not exist"
                    )

    def answer(self, agent: int, header: Header, payload: bytes) -> bytes:
        """Return the payload of the answer, status first, to a message that the agent sent on its channel."""
        with self._lock:
            server = self.servers.get(header >> 10 & 0xFF)
            if server is None or header.message_type != MessageType.COMMAND:
                answer = STATUS_BYTES[Status.NOT_SUPPORTED]
            else:
                answer = server.answer(agent, header & 0xFF, payload)
            if self.observer is not None:
                self.observer(agent, header, payload, answer)
            return answer

    def state(self) -> FirmwareState:
        """Return everything that messages have changed since boot, as plain values."""
        agents = {
            agent: (sorted(self.permissions.devices_of(agent)), sorted(self.permissions.denied_of(agent)))
            for agent in self.agents
        }
        return FirmwareState(agents, {protocol: server.state() for protocol, server in self.servers.items()})

    def restore(self, state: FirmwareState) -> None:
        """Take over what `state` returned on firmware of the same platform."""
        with self._lock:
            for agent, (granted, denied) in state.permissions.items():
                self.permissions.restore(agent, granted, denied)
            for protocol, resources in state.resources.items():
                self.servers[protocol].restore(resources)

    def serve(self, agent: int, area: Area) -> None:
        """Answer the message in an agent's shared memory, in place. What cannot be read is a channel error."""
        posted = take(area, self.profile.max_request)
        if posted is not None:
            reply(area, posted.header, self.answer(agent, posted.header, posted.payload))


def _trusted_agents(platform: Platform, profile: FirmwareProfile) -> frozenset[int]:
    if profile.trusted_agents is not None:
        return profile.trusted_agents
    return frozenset(agent.agent_id for agent in platform.agents if agent.trusted)
