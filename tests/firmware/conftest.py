from collections.abc import Callable

import pytest

from xenscmi.firmware import PROFILES, Firmware, Platform, PlatformAgent, uniform_platform
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Refusal, Request, Response, decode_answer
from xenscmi.scmi.protocols import protocol

XEN = 1
TRUSTED = frozenset({XEN})


class Lab:
    """A firmware with eight agents, of which agent 1 is trusted, and eight devices; `ask` speaks as an agent."""

    def __init__(self, profile: str = "generic", platform: Platform | None = None) -> None:
        agents = tuple(
            PlatformAgent(
                agent_id=number,
                func_id=0x8200_0002 + number,
                shmem=0x47FF_0000 + number * 0x1000,
                trusted=number == XEN,
            )
            for number in range(8)
        )
        self.platform = platform or uniform_platform(agents, 8)
        self.firmware = Firmware(self.platform, PROFILES[profile])

    def raw(self, agent: int, protocol_id: int, message_id: int, payload: bytes = b"") -> bytes:
        return self.firmware.answer(agent, Header.of(protocol_id=protocol_id, message_id=message_id), payload)

    def ask(self, agent: int, protocol_id: int, request: Request) -> Response | int:
        """Send a request; return the response, or the status if it was refused."""
        found = protocol(protocol_id)
        assert found is not None
        version = self.firmware.servers[protocol_id].version
        command = next(row for row in found.commands_of(version).values() if row.request is type(request))
        answer = decode_answer(command.response, self.raw(agent, protocol_id, command.id, request.encode()))
        return answer.status if isinstance(answer, Refusal) else answer

    def state(self) -> object:
        """Everything that messages can change, as values."""
        servers = self.firmware.servers
        permissions = self.firmware.permissions
        return (
            [(permissions.devices_of(agent), permissions.denied_of(agent)) for agent in self.firmware.agents],
            {number: server.state() for number, server in servers.items()},
        )


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def make_lab() -> Callable[..., Lab]:
    return Lab
