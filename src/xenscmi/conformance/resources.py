"""What the resource protocols ask alike of each resource, made from one table row a protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xenscmi.conformance.case import Cases
from xenscmi.conformance.tester import Tester
from xenscmi.scmi.message import Refusal, Request, Response
from xenscmi.scmi.protocols.common import NotifyEnable, ProtocolAttributesRequest
from xenscmi.scmi.status import Status

NO_RESOURCE = 0xFFFF_FFFF
LONGEST_SHORT_NAME = 15

AskOne = Callable[[int], Request]
"""Makes a request about a resource."""

AskNotifications = Callable[[int, NotifyEnable], Request]
"""Makes a request for notifications of a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """A protocol's resources.

    `noun` names one. An agent may use those for which it is not refused `probe`, which is `attributes` where not given.
    `count` reads their number from the answer to PROTOCOL_ATTRIBUTES. `attributes`, `name` and
    `gets` make requests about one resource; `name_field` is the field of the attributes with the short name. `notifies`
    are the requests for notifications, with the attribute bit that promises them.
    """

    noun: str
    count: Callable[[Any], int]
    attributes: AskOne
    name: AskOne
    name_field: str = "name"
    probe: AskOne | None = None
    gets: Sequence[AskOne] = ()
    notifies: Mapping[AskNotifications, str] = field(default_factory=dict)

    def number(self, t: Tester) -> int:
        """Return how many resources there are."""
        return self.count(t.get(ProtocolAttributesRequest()))

    def usable(self, t: Tester) -> list[int]:
        """Return those that the agent may use; at least one is needed."""
        return t.usable(self.number(t), self.probe or self.attributes)

    def first(self, t: Tester) -> int:
        """Return one that the agent may use."""
        return self.usable(t)[0]


def add_resource_cases(cases: Cases, of: Resources) -> None:
    """Add the tests that every kind of resource has to pass."""
    noun, attributes = of.noun, _command_name(cases, of.attributes(0))

    def add(
        name: str, command: str, title: str, test: Callable[..., None], *arguments: Any, changes: bool = False
    ) -> None:
        cases.add(name, title, command, lambda t: test(t, of, *arguments), changes=changes)

    for name, title, test in (
        (
            "attributes_of_all",
            f"of every {noun} below the protocol's count are readable, or DENIED",
            _attributes_of_all,
        ),
        ("attributes_reserved_bits", f"of a {noun} have reserved bits, which are 0", _attributes_reserved_bits),
    ):
        add(name, attributes, f"The attributes {title}.", test)
    add("names", attributes, f"Every {noun} has a name of printable ASCII.", _names)
    add("names_differ", attributes, f"No two {noun}s have one name.", _names_differ)
    title = f"A {noun} whose attributes promise an extended name has one, and it begins with the short one."
    add("extended_names", _command_name(cases, of.name(0)), title, _extended_names)
    for make in (of.attributes, of.name, *of.gets):
        command = _command_name(cases, make(0))
        short = _short(command)
        title = f"{command} of a {noun} that does not exist is NOT_FOUND."
        add(f"{short}_of_none", command, title, _refused_of_none, make)
        title = f"{command} with a payload that is too short or too long is a PROTOCOL_ERROR."
        add(f"{short}_sizes", command, title, _wrong_sizes, make)
        title = f"{command} changes nothing: a second one is answered as the first."
        add(f"{short}_twice", command, title, _same_twice, make)
    for ask, promise in of.notifies.items():
        command = _command_name(cases, ask(0, NotifyEnable(0)))
        short = _short(command)
        title = f"{command} succeeds for a {noun} whose attributes promise it, and is NOT_SUPPORTED for others."
        add(f"{short}_as_promised", command, title, _notify_as_promised, ask, promise, changes=True)
        title = f"{command} of a {noun} that does not exist is NOT_FOUND."
        add(f"{short}_of_none", command, title, _notify_of_none, ask)


def _command_name(cases: Cases, request: Request) -> str:
    return next(command.name for command in cases.protocol.commands if command.request is type(request))


def _short(command: str) -> str:
    """Return a command's name for a test: CLOCK_RATE_GET is rate_get."""
    return command.partition("_")[2].lower()


def _attributes_of_all(t: Tester, of: Resources) -> None:
    for number in range(of.number(t)):
        answer = t.ask(of.attributes(number))
        if isinstance(answer, Refusal):
            t.check_status(answer.status, (Status.DENIED, Status.NOT_FOUND), f"the attributes of {of.noun} {number}")


def _attributes_reserved_bits(t: Tester, of: Resources) -> None:
    for number in of.usable(t):
        found = t.get(of.attributes(number)).reserved
        t.check(not found, f"{of.noun} {number}: reserved bits are set: {found}")


def _refused_of_none(t: Tester, of: Resources, make: AskOne) -> None:
    t.need_command(type(make(0)))
    for number in (of.number(t), NO_RESOURCE):
        t.refused(make(number), Status.NOT_FOUND)


def _wrong_sizes(t: Tester, of: Resources, make: AskOne) -> None:
    request = make(of.first(t))
    t.need_command(type(request))
    message_id, payload = t.command_of(request).id, t.fitted(request).encode()
    for wrong in (b"", payload[:-1], payload + b"\0", payload + bytes(4)):
        t.refused_bytes(message_id, wrong, Status.PROTOCOL_ERROR)


def _short_name(of: Resources, answer: Response) -> str:
    return str(getattr(answer, of.name_field))


def _names(t: Tester, of: Resources) -> None:
    for number in of.usable(t):
        name = _short_name(of, t.get(of.attributes(number)))
        t.check(name and name.isascii() and name.isprintable(), f"the name of {of.noun} {number} is {name!r}")
        t.check(len(name) <= LONGEST_SHORT_NAME, f"the name of {of.noun} {number} has no room for its zero byte")


def _whole_name(t: Tester, of: Resources, number: int) -> str:
    answer = t.get(of.attributes(number))
    attributes: Any = getattr(answer, "attributes", None)
    if getattr(attributes, "extended_name", False):
        named: Any = t.get(of.name(number))
        return str(named.name)
    return _short_name(of, answer)


def _names_differ(t: Tester, of: Resources) -> None:
    names: dict[str, int] = {}
    for number in of.usable(t):
        name = _whole_name(t, of, number)
        t.check(name not in names, f"{of.noun}s {names.get(name)} and {number} are both called {name!r}")
        names[name] = number


def _extended_names(t: Tester, of: Resources) -> None:
    tried = False
    for number in of.usable(t):
        answer = t.get(of.attributes(number))
        attributes: Any = getattr(answer, "attributes", None)
        if not getattr(attributes, "extended_name", False):
            continue
        tried = True
        named: Any = t.get(of.name(number))
        short = _short_name(of, answer)
        t.check(named.name.startswith(short), f"{of.noun} {number} is {short!r}, and in full {named.name!r}")
        t.check(not named.reserved, f"reserved bits are set: {named.reserved}")
    t.need(tried, f"no {of.noun} has an extended name")


def _same_twice(t: Tester, of: Resources, make: AskOne) -> None:
    t.need_command(type(make(0)))
    for number in of.usable(t):
        first, second = t.ask(make(number)), t.ask(make(number))
        t.check(first == second, f"{t.words(make(number))} was {first}, and then {second}")


def _notify_as_promised(t: Tester, of: Resources, ask: AskNotifications, promise: str) -> None:
    on, off = NotifyEnable.of(enable=True), NotifyEnable(0)
    t.command_of(ask(0, on))
    for number in of.usable(t):
        attributes: Any = getattr(t.get(of.attributes(number)), "attributes", None)
        if getattr(attributes, promise):
            if t.permits(ask(number, off)):
                t.undo(ask(number, off))
                t.get(ask(number, on))
        else:
            t.refused(ask(number, on), Status.NOT_SUPPORTED, Status.NOT_FOUND)


def _notify_of_none(t: Tester, of: Resources, ask: AskNotifications) -> None:
    on = NotifyEnable.of(enable=True)
    t.need_command(type(ask(0, on)))
    for number in (of.number(t), NO_RESOURCE):
        t.refused(ask(number, on), Status.NOT_FOUND)
