"""The agent's side: tokens, limits, and matching answers to requests. Bytes in, bytes out, without a channel.

    agent = Agent()
    posted = agent.request(command, ClockRateGetRequest(3))
    shmem.post(area, posted.header, posted.payload)       # and ring the doorbell
    answer = agent.answer(shmem.collect(area))

`call` and `parts` do this, given a function that carries a message to the platform and back. One request is pending at
a time, as on a shared-memory channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from xenscmi.scmi.header import TOKENS, Header
from xenscmi.scmi.message import Command, Refusal, Request, Response, decode_answer
from xenscmi.scmi.protocols import command, protocol
from xenscmi.scmi.protocols.common import NegotiateProtocolVersionRequest, ProtocolVersionResponse
from xenscmi.scmi.shmem import LINUX_LIMIT, ChannelError, Posted

Exchange = Callable[[Posted], Posted]
"""Carries a message to the platform and returns its answer."""

MOST_ENTRIES = 0x10000  # more than any list of the specification can have


class Agent:
    """The state of an agent.

    `limit` is the largest payload that it sends, in bytes. `versions` has the protocol versions that the platform
    reported or accepted, by protocol id: they decide the form of a message.
    """

    def __init__(self, limit: int = LINUX_LIMIT) -> None:
        self.limit = limit
        self.versions: dict[int, int] = {}
        self._token = 0
        self._pending: tuple[Header, Command, Request] | None = None

    def command(self, protocol_id: int, message_id: int) -> Command | None:
        """Return a command in the platform's version of its protocol, or the newest version if that is unknown."""
        return command(protocol_id, message_id, self.versions.get(protocol_id, 0))

    def request(self, command: Command, request: Request) -> Posted:
        """Return a request's header and payload, ready to post. A pending request is abandoned.

        Raises ChannelError if the payload is longer than the limit, PayloadError if a value does not fit its field.
        """
        payload = request.encode()
        if len(payload) > self.limit:
            raise ChannelError(f"{command.name} has {len(payload)} bytes of payload, the limit is {self.limit}")
        header = Header.of(protocol_id=command.protocol_id, message_id=command.id, token=self._token)
        self._token = (self._token + 1) % TOKENS
        self._pending = header, command, request
        return Posted(header, payload)

    def answer(self, posted: Posted) -> Response | Refusal:
        """Read the platform's answer to the pending request.

        Raises ChannelError if the header is not the request's, PayloadError for bytes that are not an answer to it.
        """
        if self._pending is None:
            raise ChannelError("an answer came, but no request is pending")
        header, command, request = self._pending
        if posted.header != header:
            raise ChannelError(f"the answer's header is {posted.header:#010x}, the request's was {header:#010x}")
        self._pending = None
        answer = decode_answer(command.response, posted.payload)
        self._learn(command.protocol_id, request, answer)
        return answer

    def _learn(self, protocol_id: int, request: Request, answer: Response | Refusal) -> None:
        if isinstance(answer, ProtocolVersionResponse):
            known = protocol(protocol_id)
            self.versions[protocol_id] = min(answer.version, known.version) if known else answer.version
        elif isinstance(request, NegotiateProtocolVersionRequest) and not isinstance(answer, Refusal):
            self.versions[protocol_id] = request.version

    def call(self, exchange: Exchange, command: Command, request: Request) -> Response | Refusal:
        """Send a request and read the answer; raises what `request`, `answer` and the exchange raise."""
        return self.answer(exchange(self.request(command, request)))

    def parts(self, exchange: Exchange, command: Command, request: Request) -> Iterator[Response | Refusal]:
        """Send a request until its multi-part answer is complete; yield each part, or the refusal that ends them.

        Stops when a part has no entries although more were announced, and after MOST_ENTRIES. A command without
        multi-part answers is sent once.
        """
        pages, found = command.pages, 0
        while True:
            answer = self.call(exchange, command, request)
            yield answer
            if pages is None or isinstance(answer, Refusal):
                return
            entries = len(getattr(answer, pages.entries))
            found += entries
            done = pages.remaining and not attrgetter(pages.remaining)(answer)
            if done or not entries or found >= MOST_ENTRIES:
                return
            request = _skipping(request, pages.skip, found)


def _skipping(request: Request, path: str, skip: int) -> Request:
    """Return the request with another number of entries to skip."""
    name, _, part = path.partition(".")
    return request.replace(**{name: getattr(request, name).replace(**{part: skip}) if part else skip})
