"""What all protocol servers share: the table of messages, and the checks before a handler runs.

Order of the checks, each with its own status: protocol (`firmware`), message id, size, resource, permission, reserved
bits; then the handler. A handler returns its response, or a status and then has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.scmi.codec import PayloadError
from xenscmi.scmi.message import Protocol, Request, Response
from xenscmi.scmi.protocols.common import (
    NAME_SIZE,
    MessageAttributes,
    NegotiateProtocolVersionRequest,
    NegotiateProtocolVersionResponse,
    ProtocolAttributesRequest,
    ProtocolMessageAttributesRequest,
    ProtocolMessageAttributesResponse,
    ProtocolVersionRequest,
    ProtocolVersionResponse,
    Version,
)
from xenscmi.scmi.status import Status

Answer = Response | Status
Handler = Callable[[int, bytes], bytes]
State = list[list[int | None]]
R = TypeVar("R", bound=Request)

SHORT_NAME_SIZE = NAME_SIZE - 1
STATUS_BYTES: Mapping[Status, bytes] = {status: status.to_bytes(4, "little", signed=True) for status in Status}


def short_name(name: str) -> str:
    """Return as much of a name as an attributes answer has room for; if that is less, the name is an extended one."""
    return name.encode()[:SHORT_NAME_SIZE].decode(errors="ignore")


class Server:
    """A server of one protocol.

    Subclasses give `protocol`, `attributes` and `rows`. A row stands in the table if the version that the profile
    speaks has its request, and the profile has its command. `count` is the number of resources; their ids are below it.
    """

    protocol: Protocol

    def __init__(self, profile: FirmwareProfile, permissions: Permissions, count: int = 0) -> None:
        self.profile = profile
        self.permissions = permissions
        self.count = count
        self.version = profile.versions.get(self.protocol.id, self.protocol.version)
        prefix = self.protocol.name.upper()
        commands = {
            command.request: command
            for command in self.protocol.commands_of(self.version).values()
            if profile.missing.isdisjoint((command.name, f"{prefix}_{command.name}"))
        }
        self.handlers: Mapping[int, Handler] = {
            commands[request].id: handler for request, handler in [*self._common(), *self.rows()] if request in commands
        }

    def attributes(self, agent: int) -> Response:
        """Return the protocol's answer to PROTOCOL_ATTRIBUTES."""
        raise NotImplementedError

    def rows(self) -> Sequence[tuple[type[Request], Handler]]:
        """Return the protocol's own rows, made by `row`."""
        raise NotImplementedError

    def row(
        self, request: type[R], handler: Callable[[int, R], Answer], resource: str = ""
    ) -> tuple[type[Request], Handler]:
        """Make a row: the request, its handler, and the request's field that names the resource it is about."""
        decode, has_words = request.decode, bool(request.codec.words)
        resource_of = attrgetter(resource) if resource else None
        protocol, may_use, count = self.protocol.id, self.permissions.may_use, self.count

        def answer(agent: int, payload: bytes) -> bytes:
            try:
                message = decode(payload)
            except PayloadError:
                return STATUS_BYTES[Status.PROTOCOL_ERROR]
            if resource_of is not None:
                number = resource_of(message)
                if number >= count:
                    return STATUS_BYTES[Status.NOT_FOUND]
                if not may_use(agent, protocol, number):
                    return STATUS_BYTES[Status.DENIED]
                if has_words and message.reserved:
                    return STATUS_BYTES[Status.INVALID_PARAMETERS]
            result = handler(agent, message)
            return STATUS_BYTES[result] if isinstance(result, Status) else result.encode()

        return request, answer

    def _common(self) -> Sequence[tuple[type[Request], Handler]]:
        return (
            self.row(ProtocolVersionRequest, self._version),
            self.row(ProtocolAttributesRequest, lambda agent, _: self.attributes(agent)),
            self.row(ProtocolMessageAttributesRequest, self._message_attributes),
            self.row(NegotiateProtocolVersionRequest, self._negotiate),
        )

    def _version(self, agent: int, request: ProtocolVersionRequest) -> Answer:
        return ProtocolVersionResponse(Version(self.version))

    def _message_attributes(self, agent: int, request: ProtocolMessageAttributesRequest) -> Answer:
        if request.message_id not in self.handlers:
            return Status.NOT_FOUND
        return ProtocolMessageAttributesResponse(MessageAttributes(0))

    def _negotiate(self, agent: int, request: NegotiateProtocolVersionRequest) -> Answer:
        """The platform speaks one version, so it agrees to that one only."""
        return NegotiateProtocolVersionResponse() if request.version == self.version else Status.NOT_SUPPORTED

    def answer(self, agent: int, message_id: int, payload: bytes) -> bytes:
        """Return the payload of the answer to one message."""
        handler = self.handlers.get(message_id)
        return STATUS_BYTES[self.profile.unknown_message] if handler is None else handler(agent, payload)

    def has(self, resource: int) -> bool:
        """Whether there is a resource of this number."""
        return 0 <= resource < self.count

    def state(self) -> State:
        """Return what messages have changed, as plain values: one entry for each resource."""
        return []

    def restore(self, state: State) -> None:
        """Take over what `state` returned on a server of the same platform."""

    def reset(self, resources: frozenset[int]) -> None:
        """Put resources back into their boot state."""

    def quiesce(self, resources: frozenset[int]) -> None:
        """Stop resources that can be stopped: clocks off, resets asserted."""
