"""What a test has in its hands: an agent's channel, the protocol that it is about, and words for what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import TypeVar, cast, overload

from xenscmi.conformance.verdict import ConformanceFailure, Unsupported
from xenscmi.scmi.agent import Agent, Exchange
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.message import Command, Protocol, Refusal, Request, Response
from xenscmi.scmi.protocols.base import BaseDiscoverListProtocolsRequest, BaseDiscoverListProtocolsResponse
from xenscmi.scmi.protocols.common import (
    ProtocolMessageAttributesRequest,
    ProtocolVersionRequest,
    ProtocolVersionResponse,
)
from xenscmi.scmi.shmem import Posted
from xenscmi.scmi.status import Status, status_name

R = TypeVar("R", bound=Response)

MOST_RESOURCES = 0x1000
MOST_UNASKED = 1000


Receive = Callable[[], Posted | None]
"""Takes the next message that the platform has sent unasked; None if there is none."""


class AgentChannel:
    """An agent's channel to the platform, and what has been learned over it.

    `receive` brings delayed responses and notifications; None if there is no way for them.
    """

    def __init__(self, name: str, exchange: Exchange, receive: Receive | None = None) -> None:
        self.name = name
        self.exchange = exchange
        self.receive = receive
        self.agent = Agent()
        self.versions: dict[int, int] = {}
        self._protocols: frozenset[int] | None = None

    def protocols(self) -> frozenset[int]:
        """The protocols that the platform lists for this agent; the base protocol is always there."""
        if self._protocols is None:
            found = {int(ProtocolId.BASE)}
            command = self.agent.command(ProtocolId.BASE, 0x6)
            assert command is not None
            for part in self.agent.parts(self.exchange, command, BaseDiscoverListProtocolsRequest(0)):
                if isinstance(part, BaseDiscoverListProtocolsResponse):
                    found |= set(part.protocols)
            self._protocols = frozenset(found)
        return self._protocols


class Tester:
    """One test's view of the platform.

    `channel` is the agent under test's; `others` are further agents', where there are any. `undo` collects what puts
    the platform back.
    """

    def __init__(self, protocol: Protocol, channel: AgentChannel, others: Sequence[AgentChannel] = ()) -> None:
        self.protocol = protocol
        self.channel = channel
        self._others = others
        self._undo: list[tuple[Tester, Request]] = []

    # What must hold.

    def check(self, holds: object, words: str) -> None:
        """Fail unless something holds; `words` say what was found instead."""
        if not holds:
            raise ConformanceFailure(words)

    def need(self, there: object, words: str) -> None:
        """End the test as not supported unless something is there; `words` say what is missing."""
        if not there:
            raise Unsupported(words)

    # Messages.

    def send(self, message_id: int, payload: bytes = b"", *, protocol_id: int | None = None, token: int = 0) -> Posted:
        """Send bytes as a command of the protocol (or of another); return what came back."""
        protocol = self.protocol.id if protocol_id is None else protocol_id
        return self.channel.exchange(
            Posted(Header.of(protocol_id=protocol, message_id=message_id, token=token), payload)
        )

    def ask(self, request: Request) -> Response | Refusal:
        """Send a request of the protocol, in the form that it has in the platform's version; return the answer."""
        return self.channel.agent.call(self.channel.exchange, self.command_of(request), self.fitted(request))

    @overload
    def get(self, request: Request) -> Response: ...

    @overload
    def get(self, request: Request, kind: type[R]) -> R: ...

    def get(self, request: Request, kind: type[Response] = Response) -> Response:
        """Send a request that must succeed; return the response.

        `kind` is its type in the newest version of the protocol; older ones have the same fields under the same names,
        as far as they have them.
        """
        answer = self.ask(request)
        if isinstance(answer, Refusal):
            raise ConformanceFailure(f"{self.words(request)} is {status_name(answer.status)}, must be SUCCESS")
        return answer

    def refused(self, request: Request, *statuses: Status) -> None:
        """Send a request that must be refused, with one of these statuses."""
        self.check_status(self._status(self.ask(request)), statuses, self.words(request))

    def refused_bytes(self, message_id: int, payload: bytes, *statuses: Status) -> None:
        """Send bytes that must be refused, with one of these statuses."""
        answer = self.send(message_id, payload)
        words = f"message {message_id:#x} with {len(payload)} bytes of payload"
        self.check_status(status_of(answer), statuses, words)
        self.check(len(answer.payload) == 4, f"the refusal of {words} has {len(answer.payload)} bytes, must have 4")

    def check_status(self, status: int, allowed: Sequence[Status], words: str) -> None:
        """Fail unless a status is one of those allowed."""
        known = " or ".join(each.name for each in allowed)
        self.check(status in allowed, f"{words} is {status_name(status)}, must be {known}")

    @staticmethod
    def _status(answer: Response | Refusal) -> int:
        return answer.status if isinstance(answer, Refusal) else Status.SUCCESS

    def permits(self, request: Request) -> bool:
        """Whether the agent may do what a request asks, which is to change nothing."""
        answer = self.ask(request)
        return not isinstance(answer, Refusal) or answer.status != Status.DENIED

    def parts(self, request: Request, kind: type[R]) -> Iterator[R]:
        """Send a request whose answer comes in parts, each of which must succeed; yield them."""
        command, fitted = self.command_of(request), self.fitted(request)
        for part in self.channel.agent.parts(self.channel.exchange, command, fitted):
            if isinstance(part, Refusal):
                raise ConformanceFailure(f"a part of {self.words(request)} is {status_name(part.status)}")
            yield cast("R", part)

    def command_of(self, request: Request | type[Request]) -> Command:
        """Return the command of a request, in the platform's version; not supported if that has none."""
        kind = request if isinstance(request, type) else type(request)
        commands = self.protocol.commands_of(self.version)
        for each in self.protocol.commands:
            if each.request is kind and each.id in commands and commands[each.id].name == each.name:
                return commands[each.id]
        names = {each.name for each in self.protocol.commands if each.request is kind}
        wanted = ", ".join(sorted(names)) or kind.__name__
        raise Unsupported(f"version {self.version:#x} of the protocol has no {wanted}")

    def fitted(self, request: Request) -> Request:
        """Return a request in the platform's version: fields that only that has are 0."""
        kind = self.command_of(request).request
        if isinstance(request, kind):
            return request
        return kind(**{each.name: getattr(request, each.name, 0) for each in fields(kind)})  # type: ignore[arg-type]

    def words(self, request: Request) -> str:
        """Return a request in words."""
        name = self.command_of(request).name
        fields = repr(request).partition("(")[2]
        return f"{name}({fields}"

    def received(self) -> list[Posted]:
        """Return what the platform has sent unasked so far; not supported where it has no way to."""
        receive = self.channel.receive
        if receive is None:
            raise Unsupported("there is no channel from the platform to the agent")
        found: list[Posted] = []
        while (posted := receive()) is not None:
            found.append(posted)
            self.check(len(found) <= MOST_UNASKED, f"the platform has sent more than {MOST_UNASKED} messages unasked")
        return found

    # What the platform has.

    @property
    def version(self) -> int:
        """The version in which the protocol is spoken: the platform's, or the newest that is known; 0 until asked."""
        return self.channel.versions.get(self.protocol.id, 0)

    def learn_version(self) -> None:
        """Ask for the protocol's version, unless it is known."""
        if not self.version:
            announced = self.get(ProtocolVersionRequest(), ProtocolVersionResponse).version
            self.channel.versions[self.protocol.id] = min(announced, max(self.protocol.versions))

    def has_command(self, message_id: int) -> bool:
        """Whether PROTOCOL_MESSAGE_ATTRIBUTES knows a command."""
        return not isinstance(self.ask(ProtocolMessageAttributesRequest(message_id)), Refusal)

    def need_command(self, request: type[Request]) -> None:
        """End the test as not supported where the platform lacks an optional command."""
        command = self.command_of(request)
        self.need(self.has_command(command.id), f"the platform has no {command.name}")

    def usable(self, count: int, attributes: Callable[[int], Request]) -> list[int]:
        """Return the resources below `count` of which the agent may know the attributes; at least one is needed."""
        found = [n for n in range(min(count, MOST_RESOURCES)) if not isinstance(self.ask(attributes(n)), Refusal)]
        self.need(found, "the agent may use no resource of the protocol")
        return found

    # Other agents, and order.

    def others(self) -> list[Tester]:
        """The same for the other agents; not supported where there is none."""
        self.need(self._others, "only one agent's channel is at hand")
        testers = [Tester(self.protocol, each) for each in self._others]
        for each in testers:
            each._undo = self._undo
            each.learn_version()
        return testers

    def as_protocol(self, protocol: Protocol) -> Tester:
        """Return a view of another protocol over the same channel; what is to be undone is undone with this."""
        tester = Tester(protocol, self.channel, self._others)
        tester._undo = self._undo
        tester.learn_version()
        return tester

    def undo(self, request: Request) -> None:
        """Have a request sent when the test has ended, the last first."""
        self._undo.append((self, request))

    def put_back(self) -> None:
        """Send what `undo` has collected."""
        while self._undo:
            tester, request = self._undo.pop()
            tester.ask(request)


def status_of(answer: Posted) -> int:
    """Return the status with which an answer begins; fails where there is none."""
    if len(answer.payload) < 4:
        raise ConformanceFailure(f"the answer has {len(answer.payload)} bytes of payload: no room for a status")
    return int.from_bytes(answer.payload[:4], "little", signed=True)
