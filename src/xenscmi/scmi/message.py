"""Messages, and the tables that say which messages a protocol has.

An agent sends a command's request, the platform answers with a response, which begins with a status. After SUCCESS
follows what the command's `Response` class declares: a `Response` is always a success, every other answer a `Refusal`.
A platform that accepts an asynchronous command answers a second time, with a delayed response. A notification comes
from the platform without a request. (DEN0056 3.2, 4.1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Self, TypeVar

from xenscmi.scmi.codec import PayloadError, Structure
from xenscmi.scmi.status import Status

_SUCCESS = bytes(4)


class Request(Structure):
    """Base of the payloads that agents send: a command's request."""

    __slots__ = ()


class NotificationPayload(Structure):
    """Base of the payloads that the platform sends without a request."""

    __slots__ = ()


class Response(Structure):
    """Base of the payloads that the platform answers on success: the fields after the status."""

    __slots__ = ()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the response from exactly these bytes, the status included.

        Raises PayloadError for too few or too many bytes, for a count that does not match, and for another status than
        SUCCESS.
        """
        if payload[:4] != _SUCCESS:
            raise PayloadError(cls.__name__, "the payload does not begin with the status SUCCESS")
        try:
            return super().decode(payload[4:])
        except PayloadError as error:
            raise PayloadError(error.structure, f"after the status, {error.reason}") from None

    def encode(self) -> bytes:
        return _SUCCESS + super().encode() if self.codec.fields else _SUCCESS


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer whose status is not SUCCESS. `rest` has the bytes after it, which few platforms send."""

    status: int
    rest: bytes = b""

    def encode(self) -> bytes:
        return self.status.to_bytes(4, "little", signed=True) + self.rest


R = TypeVar("R", bound=Response)


def decode_answer(response: type[R], payload: bytes) -> R | Refusal:
    """Read the answer of a platform.

    Raises PayloadError for bytes that are neither this response nor a refusal.
    """
    status = int.from_bytes(payload[:4], "little", signed=True)
    if status == Status.SUCCESS or len(payload) < 4:
        return response.decode(payload)
    return Refusal(status, payload[4:])


@dataclass(frozen=True, slots=True)
class Pages:
    """How a multi-part answer works: `skip` is the request's field that says how many entries the agent has.

    `entries` is the response's list, `remaining` its count of entries that further answers bring; "" if the response
    has no such count, and the agent asks until it has as many entries as it expects.
    """

    skip: str
    entries: str
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a protocol, in a range of versions of it.

    `since` is the first protocol version in which the command has this form, `until` the first in which it has another
    one. Versions are numbers as PROTOCOL_VERSION returns them: 0x30001 is 3.1. `delayed` is the delayed response of a
    command that may be asynchronous. `pages` describes a multi-part answer.
    """

    protocol_id: int
    id: int
    name: str
    request: type[Request]
    response: type[Response]
    delayed: type[Response] | None = None
    since: int = 0x10000
    until: int = 1 << 32
    pages: Pages | None = None

    def exists_in(self, version: int) -> bool:
        return self.since <= version < self.until


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification of a protocol; `since` as for `Command`."""

    protocol_id: int
    id: int
    name: str
    message: type[NotificationPayload]
    since: int = 0x10000
    until: int = 1 << 32

    def exists_in(self, version: int) -> bool:
        return self.since <= version < self.until


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """One protocol.

    `versions` has the versions whose layouts are known, rising; `beta` those of them that only a beta of the
    specification has, which are never the default. `section` is the section of DEN0056 3.2.
    """

    id: int
    name: str
    section: str
    versions: tuple[int, ...]
    commands: tuple[Command, ...]
    notifications: tuple[Notification, ...] = ()
    beta: frozenset[int] = frozenset()

    @property
    def version(self) -> int:
        """The newest version that is not a beta, or the newest if all are."""
        final = [version for version in self.versions if version not in self.beta]
        return (final or self.versions)[-1]

    def commands_of(self, version: int = 0) -> Mapping[int, Command]:
        """Return the commands of a version (0: the newest), by message id."""
        return _commands(self, version or self.version)

    def notifications_of(self, version: int = 0) -> Mapping[int, Notification]:
        """Return the notifications of a version (0: the newest), by message id."""
        return _notifications(self, version or self.version)


@lru_cache
def _commands(protocol: Protocol, version: int) -> Mapping[int, Command]:
    return MappingProxyType({row.id: row for row in protocol.commands if row.exists_in(version)})


@lru_cache
def _notifications(protocol: Protocol, version: int) -> Mapping[int, Notification]:
    return MappingProxyType({row.id: row for row in protocol.notifications if row.exists_in(version)})
