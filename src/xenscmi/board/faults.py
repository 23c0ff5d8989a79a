"""Faults that the platform makes on purpose, to see how a guest bears them: `ACTION:MESSAGE[=VALUE][@AGENT][#NTH]`.

    refuse:clock.config_set=denied@2    agent 2's CLOCK_CONFIG_SET is answered DENIED, and changes nothing
    delay:clock.rate_get=50             CLOCK_RATE_GET is answered after 50 ms
    corrupt:base.protocol_version       the answer's payload has every bit turned (=header, =length: these instead)
    drop:reset.reset#3                  the third RESET is not answered: the channel stays taken

MESSAGE is a protocol and a message of it, by name or number; `clock.*` is all of a protocol and `*` everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from xenscmi.board.doorbell import ANSWER_SECONDS
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.compose import find_command, find_protocol
from xenscmi.scmi.header import Header
from xenscmi.scmi.status import Status


class Action(Enum):
    """What is done to a message."""

    REFUSE = "refuse"
    DELAY = "delay"
    CORRUPT = "corrupt"
    DROP = "drop"


class Part(Enum):
    """What of an answer is corrupted."""

    PAYLOAD = "payload"
    HEADER = "header"
    LENGTH = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `protocol_id`, `message_id` and `agent_id` are None if any will do; `nth` 0 is every time.

    `status` is what a refused message gets, `seconds` how long a delayed one waits, `part` what is corrupted.
    """

    text: str
    action: Action
    protocol_id: int | None = None
    message_id: int | None = None
    agent_id: int | None = None
    nth: int = 0
    status: int = Status.GENERIC_ERROR
    seconds: float = 0.0
    part: Part = Part.PAYLOAD

    def concerns(self, agent_id: int, header: Header) -> bool:
        """Whether the fault is meant for such a message."""
        return (
            self.protocol_id in (None, header.protocol_id)
            and self.message_id in (None, header.message_id)
            and self.agent_id in (None, agent_id)
        )


class FaultPlan:
    """The faults of a run, and how often each has had its message."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = faults
        self._seen = [0] * len(faults)

    def next(self, agent_id: int, header: Header) -> Fault | None:
        """Return the first fault for a message that an agent has sent, and count the message for all of them."""
        chosen = None
        for index, fault in enumerate(self._faults):
            if fault.concerns(agent_id, header):
                self._seen[index] += 1
                if chosen is None and fault.nth in (0, self._seen[index]):
                    chosen = fault
        return chosen


_FORM = re.compile(
    r"(?P<action>\w+):(?P<message>[\w.*]+)(?:=(?P<value>[\w.-]+))?(?:@(?P<agent>\w+))?(?:#(?P<nth>\d+))?"
)


def parse_fault(text: str) -> Fault:
    """Read a fault. Raises XenscmiError for one that cannot be."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise _error(f"`{text}' is not of the form ACTION:MESSAGE[=VALUE][@AGENT][#NTH]")
    actions = {each.value: each for each in Action}
    action = actions.get(match["action"])
    if action is None:
        raise _error(f"`{text}': there is no action `{match['action']}'; actions are {', '.join(actions)}")
    protocol_id, message_id = _message(match["message"])
    agent = None if match["agent"] is None else _number(text, match["agent"], 0, 0xFF, "the agent")
    fault = Fault(
        text=text,
        action=action,
        protocol_id=protocol_id,
        message_id=message_id,
        agent_id=agent,
        nth=int(match["nth"] or 0),
    )
    return fault if match["value"] is None else _with_value(fault, match["value"])


def _message(text: str) -> tuple[int | None, int | None]:
    if text == "*":
        return None, None
    protocol_name, _, name = text.partition(".")
    found = find_protocol(protocol_name)
    return found.id, None if name in ("", "*") else find_command(found, name).id


def _with_value(fault: Fault, value: str) -> Fault:
    from dataclasses import replace

    match fault.action:
        case Action.REFUSE:
            statuses = {each.name.lower(): each.value for each in Status}
            named = statuses.get(value.lower())
            status = named if named is not None else _number(fault.text, value, -(1 << 31), 0, "the status")
            return replace(fault, status=status)
        case Action.DELAY:
            most = ANSWER_SECONDS * 2000
            return replace(fault, seconds=_number(fault.text, value, 0, most, "the delay in ms") / 1000)
        case Action.CORRUPT:
            parts = {each.value: each for each in Part}
            if value not in parts:
                raise _error(f"`{fault.text}': an answer has no part `{value}'; parts are {', '.join(parts)}")
            return replace(fault, part=parts[value])
        case Action.DROP:
            raise _error(f"`{fault.text}': a message that is dropped has no value")


def _number(text: str, digits: str, least: int, most: int, what: str) -> int:
    try:
        number = int(digits, 0)
    except ValueError:
        raise _error(f"`{text}': {what} is not a number: `{digits}'") from None
    if not least <= number <= most:
        raise _error(f"`{text}': {what} is {least} to {most}, not {number}")
    return number


def _error(message: str) -> XenscmiError:
    example = "for example: --fault refuse:clock.config_set=denied@2"
    return XenscmiError(Diagnostic(message=message, help=example))
