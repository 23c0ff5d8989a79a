"""Each message about each resource: what the campaign sends, made of the rows of `messages`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xenscmi.firmware.resources import Platform, by_id, pin_of, pin_resource, resource_names
from xenscmi.scmi.compose import compose, fields_of
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command, Protocol, Request
from xenscmi.simulation.messages import MESSAGES, MessageRow, Reason

_KINDS: Mapping[int, str] = {
    ProtocolId.POWER_DOMAIN: "power_domains",
    ProtocolId.PERFORMANCE: "performance",
    ProtocolId.CLOCK: "clocks",
    ProtocolId.SENSOR: "sensors",
    ProtocolId.RESET: "resets",
    ProtocolId.VOLTAGE: "voltages",
    ProtocolId.POWER_CAPPING: "power_caps",
}
_IDS = ("clock_id", "domain_id", "sensor_id", "identifier", "device_id", "agent_id")


def resources_of(platform: Platform, protocol: int) -> Mapping[int, Any]:
    """Return what the rows' functions are given for each resource of a protocol, by its id, rising."""
    if protocol == ProtocolId.PIN_CONTROL:
        groups = {pin_resource(number, group=True) for number in by_id(platform.pin_groups)}
        return {pin: pin for pin in sorted({*by_id(platform.pins), *groups})}
    if protocol == ProtocolId.SYSTEM_POWER:
        return {0: platform.system_states} if platform.system_power else {}
    return by_id(getattr(platform, _KINDS[protocol])) if protocol in _KINDS else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A message about one resource, device or agent; `number` is None for a message about none.

    `name` is what the firmware calls the resource. `lacks` and `kept_to` are what the row says of the resource. With
    `names_sender`, the first four bytes of the payload are to be replaced by the sender's id.
    """

    command: Command
    about: str
    number: int | None
    name: str
    payload: bytes
    names_sender: bool
    lacks: Reason | None
    kept_to: frozenset[int] | None

    def payload_of(self, agent: int) -> bytes:
        """Return what an agent sends."""
        return agent.to_bytes(4, "little") + self.payload[4:] if self.names_sender else self.payload


class Variants:
    """A command about everything that it can be about; each message is made when it is first sent.

    `numbers` are the ids of all that it can be about, (None,) for a message about nothing; `known` is the set of them.
    """

    def __init__(
        self, command: Command, subjects: Mapping[int | None, Any], names: Mapping[int, str], form: int
    ) -> None:
        self.command = command
        self.row = MESSAGES[command.name]
        self.numbers, self.known = tuple(subjects), frozenset(subjects)
        self._subjects, self._names, self._form = subjects, names, form
        self._made: dict[int | None, Variant] = {}

    def __getitem__(self, number: int | None) -> Variant:
        if number not in self._made:
            self._made[number] = self._make(number, self._subjects[number])
        return self._made[number]

    def made(self) -> Iterator[Variant]:
        """Yield the messages that were made, in the order of the numbers."""
        yield from (self._made[number] for number in self.numbers if number in self._made)

    def _make(self, number: int | None, subject: Any) -> Variant:
        row = self.row
        return Variant(
            command=self.command,
            about=row.about,
            number=number,
            name="" if number is None else self._names.get(number, ""),
            payload=_request(self.command, row, number, subject, self._form).encode(),
            names_sender=row.names_sender,
            lacks=row.lacks(subject),
            kept_to=row.kept_to(subject),
        )


def variants_of(of: Protocol, platform: Platform, form: int, announced: int) -> Iterator[Variants]:
    """Yield the commands of a protocol, by id, as of a version of it; those of a beta have no rows here.

    `announced` is the version that the firmware announces.
    """
    resources, names = resources_of(platform, of.id), resource_names(platform, of.id)
    subjects: Mapping[str, Mapping[int | None, Any]] = {
        "": {None: announced},
        "resource": dict(resources.items()),
        "agent": {agent.agent_id: None for agent in platform.agents},
        "device": {each.device_id: min(each.resources, default=ProtocolId.CLOCK) for each in platform.devices},
    }
    for _, command in sorted(of.commands_of(form).items()) if form not in of.beta else ():
        about = MESSAGES[command.name].about
        yield Variants(command, subjects[about], names if about == "resource" else {}, form)


def _request(command: Command, row: MessageRow, number: int | None, subject: Any, version: int) -> Request:
    paths = {field.path for field in fields_of(command.request)}
    named = [path for path in _IDS if path in paths and not (path == "agent_id" and row.names_sender)]
    if number is not None and command.protocol_id == ProtocolId.PIN_CONTROL:
        number = pin_of(number)[0]
    about = (f"{named[0]}={number}",) if number is not None and named else ()
    return compose(command, (*about, *row.fields(subject, version)))
