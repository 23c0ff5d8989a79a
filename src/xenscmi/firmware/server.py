"""What all protocol servers share: the table of messages, and the checks before a handler runs.

Order of the checks, each with its own status: protocol (`firmware`), message id, size, resource, permission, reserved
bits; then the handler. A handler returns its response, or a status and then has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import ClassVar, NamedTuple, TypeVar

from xenscmi.firmware.outbox import Outbox
from xenscmi.firmware.permissions import Permissions
from xenscmi.firmware.profile import FirmwareProfile
from xenscmi.firmware.resources import Platform
from xenscmi.scmi.codec import PayloadError
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, NotificationPayload, Protocol, Request, Response
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
_NEGOTIATE = 0x10
STATUS_BYTES: Mapping[Status, bytes] = {status: status.to_bytes(4, "little", signed=True) for status in Status}


def short_name(name: str) -> str:
    """Return as much of a name as an attributes answer has room for; if that is less, the name is an extended one."""
    return name.encode()[:SHORT_NAME_SIZE].decode(errors="ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the servers of one firmware share."""

    profile: FirmwareProfile
    platform: Platform
    permissions: Permissions
    outbox: Outbox


class Row(NamedTuple):
    """A message that a server answers.

    `resource` is the path of the field that names the resource. `reads`: the message changes nothing; `is_open`: every
    agent may send it; `notifies`: only for agents that can be notified; `checks_itself`: the handler looks at
    reserved bits.
    """

    request: type[Request]
    handler: Callable[[int, Request], Answer]
    resource: str = ""
    reads: bool = False
    is_open: bool = False
    notifies: bool = False
    checks_itself: bool = False


class Server:
    """A server of one protocol.

    Subclasses give `protocol`, `attributes` and `rows`. `ids` are the ids of its resources. A row stands in the table
    of a version if that version has its request, and the profile its command. `version` is the version that the
    platform announces; an agent may negotiate another one.
    """

    protocol: ClassVar[Protocol]

    def __init__(self, context: Context, resources: Mapping[int, object]) -> None:
        self.profile = context.profile
        self.permissions = context.permissions
        self.outbox = context.outbox
        self.count = max(resources, default=-1) + 1
        self.ids: Container[int] = range(self.count) if len(resources) == self.count else frozenset(resources)
        number = self.protocol.id
        announced = context.profile.versions.get(number, self.protocol.version)
        self.version = context.platform.versions.get(number, announced)
        self._form = context.profile.forms.get(number, self.version) if self.version == announced else self.version
        self._rows = [*self._common(), *self.rows()]
        self._tables: dict[int, Mapping[int, Handler]] = {}
        self._agreed: dict[int, int] = {}
        self.handlers: Mapping[int, Handler] = self.handlers_of(self._form)
        self._name_command = next((row.id for row in self.protocol.commands if row.name.endswith("NAME_GET")), None)

    def resource_of(self, request: Request) -> int | None:
        """Return the id of the resource that a request names; None for a request that names none."""
        paths = (row.resource for row in self._rows if row.request is type(request) and row.resource)
        path = next(paths, None)
        number: int | None = None if path is None else attrgetter(path)(request)
        return number

    def attributes(self, agent: int) -> Response:
        """Return the protocol's answer to PROTOCOL_ATTRIBUTES."""
        raise NotImplementedError

    def rows(self) -> Sequence[Row]:
        """Return the protocol's own rows, made by `row`."""
        raise NotImplementedError

    @staticmethod
    def row(
        request: type[R],
        handler: Callable[[int, R], Answer],
        resource: str = "",
        *,
        reads: bool = False,
        is_open: bool = False,
        notifies: bool = False,
        checks_itself: bool = False,
    ) -> Row:
        """Make a row; see `Row`."""
        return Row(request, handler, resource, reads or is_open, is_open, notifies, checks_itself)  # type: ignore[arg-type]

    def _common(self) -> Sequence[Row]:
        return (
            self.row(ProtocolVersionRequest, self._get_version, is_open=True),
            self.row(ProtocolAttributesRequest, lambda agent, _: self.attributes(agent), is_open=True),
            self.row(ProtocolMessageAttributesRequest, self._get_message_attributes, is_open=True),
            self.row(NegotiateProtocolVersionRequest, self._negotiate, is_open=True, checks_itself=True),
        )

    # Tables of handlers

    def handlers_of(self, version: int) -> Mapping[int, Handler]:
        """Return the handlers of a version, by message id. The versions of a beta have none."""
        if version in self.protocol.beta:
            return {}
        if version not in self._tables:
            prefix = ProtocolId(self.protocol.id).name
            commands = {
                command.request: command
                for command in self.protocol.commands_of(version).values()
                if self.profile.missing.isdisjoint((command.name, f"{prefix}_{command.name}"))
            }
            found = {
                commands[row.request].id: self._guarded(row, commands[row.request])
                for row in self._rows
                if row.request in commands
            }
            if version != self._form and _NEGOTIATE in self.handlers:
                # An agent can negotiate back from a version that had no such command yet.
                found[_NEGOTIATE] = self.handlers[_NEGOTIATE]
            self._tables[version] = found
        return self._tables[version]

    def _guarded(self, row: Row, command: Command) -> Handler:
        """Return a handler from bytes to bytes, with all checks."""
        decode = row.request.decode
        words = () if row.checks_itself else tuple((attrgetter(name), mask) for name, mask in row.request.codec.words)
        resource_of = attrgetter(row.resource) if row.resource else None
        ids, may_use, protocol = self.ids, self.permissions.may_use, self.protocol.id
        protected = self.profile.checks_permissions and not row.is_open
        restricted = protected and not (row.reads and self.profile.open_reads)
        size = row.request.codec.size if self.profile.ignores_excess and not row.request.codec.tail else None
        reaches = self.outbox.reaches
        handler, notifies = row.handler, row.notifies

        def status(situation: str) -> bytes:
            return STATUS_BYTES[self.profile.status(situation, protocol, command.name)]

        wrong_size, unknown_resource, no_permission = map(status, ("wrong_size", "unknown_resource", "no_permission"))
        reserved_bits, unknown_message = status("reserved_bits"), status("unknown_message")

        def answer(agent: int, payload: bytes) -> bytes:
            if notifies and not reaches(agent):
                return unknown_message
            try:
                message = decode(payload if size is None else payload[:size])
            except PayloadError:
                return wrong_size
            if resource_of is not None:
                number = resource_of(message)
                if number not in ids:
                    return unknown_resource
                if restricted and not may_use(agent, protocol, number):
                    return no_permission
            for word_of, mask in words:
                if word_of(message) & mask:
                    return reserved_bits
            result = handler(agent, message)
            return STATUS_BYTES[result] if isinstance(result, Status) else result.encode()

        return answer

    # What every protocol answers

    def _get_version(self, agent: int, request: ProtocolVersionRequest) -> Answer:
        return ProtocolVersionResponse(Version(self.version))

    def _get_message_attributes(self, agent: int, request: ProtocolMessageAttributesRequest) -> Answer:
        message = request.message_id
        notifying = {command.id for command in self.protocol.commands if self._notifies(command)}
        if message in notifying and not self.outbox.reaches(agent):
            return self.missing_notification()
        return self.message_attributes(message) if message in self._handlers_of(agent) else Status.NOT_FOUND

    def _notifies(self, command: Command) -> bool:
        return any(row.notifies and row.request is command.request for row in self._rows)

    def missing_notification(self) -> Status:
        """Return the status of PROTOCOL_MESSAGE_ATTRIBUTES for a command that starts notifications, without them."""
        return Status.NOT_FOUND

    def message_attributes(self, message: int) -> Answer:
        """Return the attributes of a command that exists."""
        return ProtocolMessageAttributesResponse(MessageAttributes(0))

    def _negotiate(self, agent: int, request: NegotiateProtocolVersionRequest) -> Answer:
        wanted = request.version
        known = wanted == self.version or wanted in self.protocol.versions
        if not known or wanted > self.version:
            return Status.NOT_SUPPORTED
        if self.profile.negotiates_within_major and Version(wanted).major != Version(self.version).major:
            return Status.NOT_SUPPORTED
        self.agree(agent, int(wanted))
        return NegotiateProtocolVersionResponse()

    # For subclasses and the firmware

    def agree(self, agent: int, version: int) -> None:
        """Use a version with an agent from now on."""
        self._agreed[agent] = version
        if version == self.version:
            del self._agreed[agent]

    def agreed(self) -> Mapping[int, int]:
        """Return the versions that agents have negotiated, by agent id."""
        return dict(self._agreed)

    def forget_versions(self) -> None:
        """Use the announced version with every agent."""
        self._agreed.clear()

    def form_of(self, agent: int) -> int:
        """Return the version whose layouts the agent gets."""
        return self._agreed.get(agent, self._form)

    def _handlers_of(self, agent: int) -> Mapping[int, Handler]:
        return self.handlers_of(self._agreed[agent]) if agent in self._agreed else self.handlers

    def defers(self, agent: int) -> bool:
        """Whether the agent's asynchronous commands get a delayed response."""
        return self.profile.delayed_responses and self.outbox.reaches(agent)

    def refusal_to_defer(self, agent: int) -> Status | None:
        """Return the status of an asynchronous command that cannot be deferred; None if it is carried out."""
        status = self.status("asynchronous")
        return None if self.defers(agent) or status == Status.SUCCESS else status

    def reply_later(self, agent: int, response: Response) -> None:
        """Send a delayed response, unless the firmware carries asynchronous commands out at once."""
        if self.defers(agent):
            self.outbox.reply_later(agent, response)

    def has_extended_name(self, agent: int, name: str) -> bool:
        """Whether the full name must be asked for, and can be."""
        return name != short_name(name) and self._name_command in self._handlers_of(agent)

    def status(self, situation: str, command: str = "") -> Status:
        """Return the profile's status for a situation."""
        return self.profile.status(situation, self.protocol.id, command)

    def notify(self, notification: int, resource: int, message: NotificationPayload, but: int | None = None) -> None:
        """Send one of the protocol's notifications about a resource."""
        self.outbox.notify((self.protocol.id, notification, resource), message, but)

    def subscribe(self, agent: int, notification: int, resource: int, *, enable: bool) -> None:
        """Start or stop one of the protocol's notifications about a resource."""
        self.outbox.subscribe(agent, (self.protocol.id, notification, resource), enable=enable)

    def answer(self, agent: int, message_id: int, payload: bytes) -> bytes:
        """Return the payload of the answer to one message."""
        handlers = self._handlers_of(agent) if self._agreed else self.handlers
        handler = handlers.get(message_id)
        if handler is None:
            return STATUS_BYTES[self.status("unknown_message")]
        return handler(agent, payload)

    def has(self, resource: int) -> bool:
        """Whether there is a resource of this number."""
        return resource in self.ids

    def state(self) -> State:
        """Return what messages have changed, as plain values: one entry for each resource."""
        return []

    def restore(self, state: State) -> None:
        """Take over what `state` returned on a server of the same platform."""

    def reset(self, resources: frozenset[int]) -> None:
        """Put resources back into their boot state."""

    def quiesce(self, resources: frozenset[int]) -> None:
        """Stop resources that can be stopped: clocks off, resets asserted."""

    def release(self, agent: int, resources: frozenset[int] | None) -> None:
        """Take back what the agent holds of these resources; None: of all."""
