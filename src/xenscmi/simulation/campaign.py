"""The campaign of permissions: every agent sends every message about every resource, its own and all others'.

What the files let an agent do (`rights`) decides what the answer has to be, down to the byte where it is a refusal.
First come the messages that are to be refused, while everything is as at boot: none of them may change anything. Then
each agent sends what it may send, trusted agents last, since these can take from the others.

A domain's agent speaks as the domain would: into its page through stage 2, by an SMC, through Xen's mediator. An agent
that no domain has is rung at EL3, where its next domain would find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from xenscmi.firmware import Firmware
from xenscmi.firmware.server import Server
from xenscmi.host.platform import platform_of
from xenscmi.host.types import Host
from xenscmi.model.errors import DataAbort
from xenscmi.model.guest import Guest, NoAnswer, own_offer
from xenscmi.model.xen import Model
from xenscmi.scmi import shmem
from xenscmi.scmi.codec import PayloadError
from xenscmi.scmi.header import Header, ProtocolId
from xenscmi.scmi.message import Command
from xenscmi.scmi.protocols.base import BaseDiscoverAgentResponse
from xenscmi.scmi.status import Status, status_name
from xenscmi.simulation.expectations import Expectation, Expectations, Speaker
from xenscmi.simulation.running import RunningDomain, RunningHost
from xenscmi.simulation.variants import Variant, Variants, resources_of, variants_of

MOST_MESSAGES = 2_000_000
"""About how many messages a campaign has at most. Where there would be more, those about some of the others' resources
are not sent."""

OnProgress = Callable[[int, int], None]
"""Called with how many messages were sent, and how many there are to send."""
Send = Callable[[int, int, bytes], bytes]
"""Sends a payload, of a protocol and a message id, and returns the answer's; empty where there is no answer."""

_STATUS_SIZE = 4
_AREA = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What an agent's message about some resources was answered: the same bytes for each of them.

    `resources` are (None,) for a message about none. `answer` is empty where there was none, and where the fault is of
    all these messages together: that they changed something. `fault` is empty where the answer is as expected.
    """

    agent: int
    protocol: int
    message: str
    resources: tuple[int | None, ...]
    expected: Expectation
    answer: bytes
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """All that was tried.

    `sent` counts the messages, of `possible` ones; `variants` are those that were sent. `step` is 1 if all were sent, n
    if each agent sent only those about every n-th of the resources that are not given to it. `silent` are the protocols
    that the firmware does not speak although there are resources of them.
    """

    speakers: tuple[Speaker, ...]
    variants: tuple[Variant, ...]
    trials: tuple[Trial, ...]
    sent: int
    possible: int
    step: int
    silent: tuple[ProtocolId, ...]

    @property
    def faults(self) -> tuple[Trial, ...]:
        """The trials that are not as they should be."""
        return tuple(each for each in self.trials if each.fault)


def run_campaign(
    host: Host, running: RunningHost, progress: OnProgress = lambda *_: None, most: int = MOST_MESSAGES
) -> Campaign:
    """Let every agent of a host that was just switched on try everything.

    More than about `most` messages are sent only where there are more about resources that are given to the senders.
    """
    runner = _Runner(host, running, progress)
    every, always = runner.count()
    step = max(1, -(-(every - always) // max(1, most - always)))
    runner.total = always + (every - always) // step
    later = [task for kind in runner.kinds for task in runner.refuse_all(kind, step)]
    for task in sorted(later, key=lambda task: (task.speaker.trusted, task.speaker.agent)):
        runner.send(task)
    servers = running.xen.firmware.servers
    return Campaign(
        speakers=tuple(runner.speakers),
        variants=tuple(variant for kind in runner.kinds for variant in kind.made()),
        trials=tuple(runner.trials()),
        sent=runner.sent,
        possible=every,
        step=step,
        silent=tuple(each for each in ProtocolId if each not in servers and resources_of(runner.platform, each)),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """What a speaker sends of one command, and how each message has to be answered."""

    speaker: Speaker
    kind: Variants
    messages: Sequence[tuple[Variant, Expectation]]


_Key = tuple[int, int, int, Expectation, bytes, str]
"""Agent, protocol, message id, what was expected, the answer, the fault."""


class _Runner:
    """Sends, and keeps what is answered; `sent` counts, up to `total`."""

    def __init__(self, host: Host, running: RunningHost, progress: OnProgress) -> None:
        self.firmware, self.platform = running.xen.firmware, platform_of(host)
        self.kinds = [kind for _, server in sorted(self.firmware.servers.items()) for kind in self._kinds(server)]
        self.sent = self.total = 0
        self._progress = progress
        self._expectations = Expectations(host)
        holders: dict[int | None, RunningDomain] = {}
        for domain in running.domains:
            holders.setdefault(domain.wanted, domain)
        guests = {agent: guest for agent, domain in holders.items() if (guest := _guest(running.xen, domain))}
        rights = self._expectations.rights
        self.speakers = [
            Speaker(
                agent=agent,
                domain=holders[agent].name if agent in holders else "",
                through_xen=agent in guests,
                trusted=agent in rights.trusted,
                devices=rights.devices.get(agent, frozenset()),
            )
            for agent in sorted(each.agent_id for each in self.platform.agents)
        ]
        self._sends = {
            each.agent: _through_xen(guests[each.agent]) if each.through_xen else _at_el3(self.firmware, each.agent)
            for each in self.speakers
        }
        self._found: dict[_Key, list[int | None]] = {}
        self._faults: dict[tuple[Command, Expectation, int, bytes], str] = {}

    def _kinds(self, server: Server) -> Iterator[Variants]:
        form = server.form_of(min(self.firmware.agents, default=0))
        return variants_of(server.protocol, self.platform, form, server.version)

    # What there is to send

    def count(self) -> tuple[int, int]:
        """Return how many messages there are, and how many are sent in any case."""
        every = len(self.speakers) * sum(len(kind.numbers) for kind in self.kinds)
        return every, sum(len(self._always(speaker, kind)) for speaker in self.speakers for kind in self.kinds)

    def _always(self, speaker: Speaker, kind: Variants) -> Set[int | None]:
        """Return what a speaker sends in any case: what is about nothing, or about resources that are given to it."""
        if kind.row.about == "resource":
            return kind.known & self._expectations.own(speaker.agent, kind.command.protocol_id)
        return frozenset() if kind.row.about else kind.known

    def _task(self, speaker: Speaker, kind: Variants, step: int) -> _Task:
        """Return what a speaker sends in any case, and of the rest all messages about every n-th, each agent others."""
        numbers: Sequence[int | None] = kind.numbers
        if step > 1:
            always = self._always(speaker, kind)
            chosen = {*always, *numbers[speaker.agent % step :: step]}
            numbers = sorted(chosen, key=lambda number: -1 if number is None else number)
        judge = self._expectations.judge(speaker, kind.command)
        return _Task(speaker, kind, [(variant, judge(variant)) for variant in map(kind.__getitem__, numbers)])

    # Sending

    def refuse_all(self, kind: Variants, step: int) -> list[_Task]:
        """Let all agents send what is to be refused of a command, and see that it changes nothing; return the rest."""
        refused, rest = list[_Task](), list[_Task]()
        before = self.firmware.state()
        for speaker in self.speakers:
            task = self._task(speaker, kind, step)
            refused.append(replace(task, messages=[each for each in task.messages if each[1].refused]))
            rest.append(replace(task, messages=[each for each in task.messages if not each[1].refused]))
            self.send(refused[-1])
        if self.firmware.state() != before:
            self.firmware.restore(before)
            self._find_who_changed(refused)
            self.firmware.restore(before)
        return rest

    def _find_who_changed(self, tasks: Iterable[_Task]) -> None:
        """Let agents send once more what is to be refused, one by one, to see which of them changes something."""
        for task in tasks:
            before = self.firmware.state()
            for variant, _ in task.messages:
                self._answer(task, variant)
            if self.firmware.state() != before:
                numbers = [variant.number for variant, _ in task.messages]
                self._keep(
                    task, task.messages[0][1], b"", "it changed something that is not given to the agent", numbers
                )

    def send(self, task: _Task) -> None:
        """Send the messages of a task, and keep what is answered."""
        agent, command = task.speaker.agent, task.kind.command
        for variant, expected in task.messages:
            answer = self._answer(task, variant)
            self.sent += 1
            if not self.sent % 1000:
                self._progress(self.sent, self.total)
            key = (command, expected, agent, answer)
            if key not in self._faults:
                self._faults[key] = _fault(command, expected, agent, answer)
            self._keep(task, expected, answer, self._faults[key], [variant.number])

    def _answer(self, task: _Task, variant: Variant) -> bytes:
        agent, command = task.speaker.agent, task.kind.command
        return self._sends[agent](command.protocol_id, command.id, variant.payload_of(agent))

    def _keep(
        self, task: _Task, expected: Expectation, answer: bytes, fault: str, numbers: Sequence[int | None]
    ) -> None:
        command = task.kind.command
        key = (task.speaker.agent, command.protocol_id, command.id, expected, answer, fault)
        self._found.setdefault(key, []).extend(numbers)

    def trials(self) -> Iterator[Trial]:
        """Yield the trials, by agent, protocol and message; what was refused first."""
        names = {(kind.command.protocol_id, kind.command.id): kind.command.name for kind in self.kinds}
        for key, numbers in sorted(self._found.items(), key=lambda each: (*each[0][:3], not each[0][3].refused)):
            agent, protocol, message, expected, answer, fault = key
            yield Trial(
                agent=agent,
                protocol=protocol,
                message=names[protocol, message],
                resources=tuple(numbers),
                expected=expected,
                answer=answer,
                fault=fault,
            )


def _fault(command: Command, expected: Expectation, agent: int, answer: bytes) -> str:
    """Return what is wrong with an answer; empty if nothing is."""
    if not answer:
        return "no answer"
    status = int.from_bytes(answer[:_STATUS_SIZE], "little", signed=True)
    if status != expected.status:
        return f"{status_name(status)} instead of {status_name(expected.status)}"
    if status != Status.SUCCESS:
        more = len(answer) - _STATUS_SIZE
        return f"the refusal carries {more} bytes more" if more else ""
    try:
        response = command.response.decode(answer)
    except PayloadError as error:
        return f"not an answer to {command.name}: {error.reason}"
    if isinstance(response, BaseDiscoverAgentResponse) and response.agent_id != agent:
        return f"the platform takes it for agent {response.agent_id}"
    return ""


def _guest(xen: Model, domain: RunningDomain) -> Guest | None:
    """Return a domain's agent, on the channel that Xen gave the domain; None where the domain cannot reach that."""
    offer = own_offer(domain.made)
    if offer is None:
        return None
    return Guest(xen, domain.made.domid, domain.made.memory, offer.func_id, offer.shmem)


def _through_xen(guest: Guest) -> Send:
    def send(protocol: int, message: int, payload: bytes) -> bytes:
        try:
            return guest.exchange(protocol, message, payload)
        except (NoAnswer, DataAbort):
            return b""

    return send


def _at_el3(firmware: Firmware, agent: int) -> Send:
    area = bytearray(_AREA)

    def send(protocol: int, message: int, payload: bytes) -> bytes:
        shmem.reset(area)
        shmem.post(area, Header.of_command(protocol, message, 1), payload)
        firmware.serve(agent, area)
        try:
            return shmem.collect(area).payload
        except shmem.ChannelError:
            return b""

    return send
