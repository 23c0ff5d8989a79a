"""Traces: what the agents of a board asked and were answered, as a file of JSON lines, one message each."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.scmi.codec import Structure
from xenscmi.scmi.describe import Direction, decode, explain, title
from xenscmi.scmi.header import Header
from xenscmi.scmi.message import Refusal
from xenscmi.scmi.protocols import protocol
from xenscmi.scmi.status import status_name

MOST_MESSAGES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedMessage:
    """A message of an agent and its answer.

    `at` is seconds since the board started. Both payloads are without the header, the answer's with its status; it is
    None if there was no answer. `fault` is the fault that was made, as it was written.
    """

    at: float
    agent_id: int
    header: Header
    request: bytes
    response: bytes | None
    fault: str = ""

    def answered(self, response: bytes) -> TracedMessage:
        """Return the same message with another answer."""
        return replace(self, response=response, fault="")


Observer = Callable[[TracedMessage], None]


def show(message: TracedMessage) -> str:
    """Return a message as one line: time, agent, message, its fields, and what came of it."""
    asked = decode(message.header, message.request, Direction.REQUEST)
    name = title(asked).partition(f" {asked.direction.value} (")[0]
    known = protocol(message.header.protocol_id)
    if known is not None and not name.startswith(known.name.upper()):  # those that every protocol has
        name = f"{known.name} {name}"
    given = _fields(asked.message) if isinstance(asked.message, Structure) else message.request.hex()
    text = f"{message.at:8.3f}  agent {message.agent_id}  {name}({given})  {_outcome(message)}"
    return f"{text}  [{message.fault}]" if message.fault else text


def _outcome(message: TracedMessage) -> str:
    if message.response is None:
        return "no answer"
    answered = decode(message.header, message.response, Direction.RESPONSE)
    if isinstance(answered.message, Refusal):
        return status_name(answered.message.status)
    if not isinstance(answered.message, Structure):
        return f"not an answer: {message.response.hex()}"
    return _fields(answered.message) or "SUCCESS"


def _fields(message: Structure) -> str:
    """Return a message's fields; of bit fields their number, of lists the entries' places."""
    return ", ".join(
        f"{line.name}={line.value}" if line.value else line.name for line in explain(message) if not line.depth
    )


def write_line(message: TracedMessage) -> str:
    """Return a message as a line of a trace file."""
    response = None if message.response is None else message.response.hex()
    fields = {
        "at": round(message.at, 6),
        "agent": message.agent_id,
        "header": f"{message.header:#010x}",
        "request": message.request.hex(),
        "response": response,
    }
    return json.dumps(fields | ({"fault": message.fault} if message.fault else {})) + "\n"


def read_lines(lines: Iterable[str], name: str) -> Iterator[TracedMessage]:
    """Yield the messages of a trace file. Raises XenscmiError at a line that is none, or where there are too many."""
    for number, line in enumerate(lines, 1):
        if number > MOST_MESSAGES:
            raise _error(f"{name}: more than {MOST_MESSAGES} messages")
        try:
            fields = json.loads(line)
            response = fields["response"]
            yield TracedMessage(
                at=float(fields["at"]),
                agent_id=_integer(fields["agent"]),
                header=Header(int(fields["header"], 0)),
                request=bytes.fromhex(fields["request"]),
                response=None if response is None else bytes.fromhex(response),
                fault=str(fields.get("fault", "")),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _error(f"{name}:{number}: not a message of a trace: {error!r}") from None


def replay(
    messages: Iterable[TracedMessage], answer: Callable[[int, Header, bytes], bytes], agents: Container[int]
) -> Iterator[tuple[TracedMessage, bytes]]:
    """Send the messages of a trace again, in order; yield each with what it is answered now.

    Those on which a fault was made are left out, but for faults that let the firmware do what it was asked. Raises
    XenscmiError for a message of an agent that is not one of the platform's.
    """
    for message in messages:
        if message.agent_id not in agents:
            raise _error(f"the platform has no agent {message.agent_id}")
        if message.fault and not message.fault.startswith("delay:"):
            if message.fault.startswith("corrupt:"):
                answer(message.agent_id, message.header, message.request)
            continue
        yield message, answer(message.agent_id, message.header, message.request)


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not an agent id")
    return value


def _error(message: str) -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, help="traces are what `xenscmi board run --record FILE` writes"))
