"""The agent's side: tokens, limits, and which answer belongs to which request. Bytes in, bytes out; no channel here.

    agent = Agent()
    posted = agent.request(command, ClockRateGetRequest(3))
    shmem.post(area, posted.header, posted.payload)       # and ring the doorbell
    answer = agent.answer(shmem.collect(area))

`call` and `parts` do this for a caller who says how to carry a message there and back. One message is under way at a
time, as on a shared-memory channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from xenscmi.scmi.header import TOKENS, Header
from xenscmi.scmi.message import Command, Refused, Request, Response, decode_answer
from xenscmi.scmi.protocols import command, protocol
from xenscmi.scmi.protocols.common import NegotiateProtocolVersionRequest, ProtocolVersionResponse
from xenscmi.scmi.shmem import LINUX_LIMIT, ChannelError, Posted

Exchange = Callable[[Posted], Posted]
"""Carries a message to the platform and brings its answer."""

MOST_ENTRIES = 0x10000  # more than any list of the specification can have


class Agent:
    """What an agent must remember.

    `limit` is the most bytes of payload that it sends. `versions` are the protocol versions that it has learned from
    the platform or negotiated, by protocol id: they decide which layout a message has.
    """

    def __init__(self, limit: int = LINUX_LIMIT) -> None:
        self.limit = limit
        self.versions: dict[int, int] = {}
        self._token = 0
        self._under_way: tuple[Header, Command, Request] | None = None

    def command(self, protocol_id: int, message_id: int) -> Command | None:
        """Return a command as the platform's version of its protocol has it; before that is known, the newest."""
        return command(protocol_id, message_id, self.versions.get(protocol_id, 0))

    def request(self, command: Command, request: Request) -> Posted:
        """Return a request's header and payload, ready to be posted. What was under way before is given up.

        Raises ChannelError if the payload is longer than the limit, PayloadError if no bytes can carry the request.
        """
        payload = request.encode()
        if len(payload) > self.limit:
            raise ChannelError(f"{command.name} has {len(payload)} bytes of payload, the limit is {self.limit}")
        header = Header.of(protocol_id=command.protocol_id, message_id=command.id, token=self._token)
        self._token = (self._token + 1) % TOKENS
        self._under_way = header, command, request
        return Posted(header, payload)

    def answer(self, posted: Posted) -> Response | Refused:
        """Read the platform's answer to the request under way.

        Raises ChannelError if the header is not the request's, PayloadError for bytes that are no answer to it.
        """
        if self._under_way is None:
            raise ChannelError("an answer, but no request is under way")
        header, command, request = self._under_way
        if posted.header != header:
            raise ChannelError(f"the answer's header is {posted.header:#010x}, the request's was {header:#010x}")
        self._under_way = None
        answer = decode_answer(command.response, posted.payload)
        self._learn(command.protocol_id, request, answer)
        return answer

    def _learn(self, protocol_id: int, request: Request, answer: Response | Refused) -> None:
        if isinstance(answer, ProtocolVersionResponse):
            known = protocol(protocol_id)
            self.versions[protocol_id] = min(answer.version, known.version) if known else answer.version
        elif isinstance(request, NegotiateProtocolVersionRequest) and not isinstance(answer, Refused):
            self.versions[protocol_id] = request.version

    def call(self, exchange: Exchange, command: Command, request: Request) -> Response | Refused:
        """Send a request and read the answer; raises what `request`, `answer` and the exchange raise."""
        return self.answer(exchange(self.request(command, request)))

    def parts(self, exchange: Exchange, command: Command, request: Request) -> Iterator[Response | Refused]:
        """Send a request whose answer comes in parts again and again; yield each part, or the refusal that ends them.

        A platform that promises more entries but brings none, or no end of them, is asked no further. A command whose
        answer is whole is sent once.
        """
        pages, found = command.pages, 0
        while True:
            answer = self.call(exchange, command, request)
            yield answer
            if pages is None or isinstance(answer, Refused):
                return
            entries = len(getattr(answer, pages.entries))
            found += entries
            done = pages.remaining and not attrgetter(pages.remaining)(answer)
            if done or not entries or found >= MOST_ENTRIES:
                return
            request = _skipping(request, pages.skip, found)


def _skipping(request: Request, path: str, skip: int) -> Request:
    """Return the request with another number of entries to leave out."""
    name, _, part = path.partition(".")
    return request.replace(**{name: getattr(request, name).replace(**{part: skip}) if part else skip})
