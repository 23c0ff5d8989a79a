"""Messages, and the tables that say which messages a protocol has.

A command's request goes from the agent to the platform, its response back. A response begins with a status. On SUCCESS
the rest is what the command's `Response` class declares, so a response that exists is a success; everything else is
`Refused`. A command that was accepted to be done later is answered a second time, by a delayed response. A notification
is the platform's own. (DEN0056 3.2, 4.1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Self, TypeVar

from xenscmi.scmi.layout import PayloadError, Structure
from xenscmi.scmi.status import Status

_SUCCESS = bytes(4)


class Request(Structure):
    """Base of what agents send; the payload of a command."""

    __slots__ = ()


class Notice(Structure):
    """Base of what the platform sends unasked: the payload of a notification."""

    __slots__ = ()


class Response(Structure):
    """Base of what a platform answers on success: the fields that follow the status."""

    __slots__ = ()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the response from exactly these bytes, the status included.

        Raises PayloadError if they are too few or too many, a count in them lies, or the status is not SUCCESS.
        """
        if payload[:4] != _SUCCESS:
            raise PayloadError(cls.__name__, "the payload does not begin with the status SUCCESS")
        try:
            return super().decode(payload[4:])
        except PayloadError as error:
            raise PayloadError(error.structure, f"after the status, {error.reason}") from None

    def encode(self) -> bytes:
        return _SUCCESS + super().encode()


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer whose status is not SUCCESS. `rest` is what else came: it means nothing, most platforms send none."""

    status: int
    rest: bytes = b""

    def encode(self) -> bytes:
        return self.status.to_bytes(4, "little", signed=True) + self.rest


R = TypeVar("R", bound=Response)


def decode_answer(response: type[R], payload: bytes) -> R | Refused:
    """Read what a platform answered.

    Raises PayloadError for bytes that are neither this response nor a refusal.
    """
    status = int.from_bytes(payload[:4], "little", signed=True)
    if status == Status.SUCCESS or len(payload) < 4:
        return response.decode(payload)
    return Refused(status, payload[4:])


@dataclass(frozen=True, slots=True)
class Pages:
    """How a command's answer comes in parts: `skip` is the request's field for how many entries the agent has already.

    `entries` is the response's list, `remaining` its number of entries still to come; "" where the agent asks until
    nothing comes.
    """

    skip: str
    entries: str
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a protocol, as of some versions of it.

    `since` is the first protocol version in which the command has this form, `until` the first in which it has another
    one. Versions are numbers as PROTOCOL_VERSION returns them: 0x30001 is 3.1. `delayed` is the delayed response, if
    the command may be done later. `pages` is there if the answer comes in parts.
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
    message: type[Notice]
    since: int = 0x10000
    until: int = 1 << 32

    def exists_in(self, version: int) -> bool:
        return self.since <= version < self.until


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """One protocol: `version` is the newest one known here, `section` the one of DEN0056 3.2 that describes it."""

    id: int
    name: str
    section: str
    version: int
    commands: tuple[Command, ...]
    notifications: tuple[Notification, ...] = ()

    def commands_of(self, version: int = 0) -> Mapping[int, Command]:
        """The commands that a version (0: the newest) has, by message id."""
        return _commands(self, version or self.version)

    def notifications_of(self, version: int = 0) -> Mapping[int, Notification]:
        """The notifications that a version (0: the newest) has, by message id."""
        return _notifications(self, version or self.version)


@lru_cache
def _commands(protocol: Protocol, version: int) -> Mapping[int, Command]:
    return MappingProxyType({row.id: row for row in protocol.commands if row.exists_in(version)})


@lru_cache
def _notifications(protocol: Protocol, version: int) -> Mapping[int, Notification]:
    return MappingProxyType({row.id: row for row in protocol.notifications if row.exists_in(version)})
