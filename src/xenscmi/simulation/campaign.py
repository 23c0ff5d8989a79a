"""The campaign of permissions: every agent sends every message about every resource, its own and all others'.

What the files let an agent do (`rights`) decides what the answer has to be, down to the byte where it is a refusal.
First come the messages that are to be refused, while everything is as at boot: none of them may change anything. Then
each agent sends what it may send, trusted agents last, since these can take from the others.

A domain's agent speaks as the domain would: into its page through stage 2, by an SMC, through Xen's mediator. An agent
that no domain has is rung at EL3, where its next domain would find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xenscmi.firmware import Firmware
from xenscmi.firmware.server import Server
from xenscmi.host.platform import platform_of, profile_of
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
from xenscmi.simulation.messages import MESSAGES, MessageRow, Protection, Variant, resources_of, variants_of
from xenscmi.simulation.rights import rights_of
from xenscmi.simulation.running import RunningDomain, RunningHost

MOST_MESSAGES = 2_000_000
"""The messages of one campaign. Where there would be more, a part of those about others' resources is sent."""

Progress = Callable[[int, int], None]
"""Called with how many messages were sent, and how many there are to send."""
Send = Callable[[int, int, bytes], bytes]
"""Sends a payload, of a protocol and a message id, and returns the answer's; empty where there is no answer."""

_STATUS_SIZE = 4
_AREA = 4096


class Expectation(NamedTuple):
    """The status that an answer is to have, and why. `refused`: because the sender has no right to more."""

    status: Status
    reason: str
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """An agent of the campaign: `domain` is whose it is, empty if no domain's; `trusted` and `devices` by the files.

    `through_xen`: its messages went the domain's way; otherwise they were rung at EL3.
    """

    agent: int
    domain: str
    through_xen: bool
    trusted: bool
    devices: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What an agent's message about some resources was answered: the same bytes for each of them.

    `resources` are (None,) for a message about none. `answer` is empty where there was none. `fault` is empty where the
    answer is as expected.
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

    `sent` counts the messages, of `possible` ones; `step` is 1 if all were sent, n if only every n-th was of those that
    are to be refused. `silent` are the protocols that the firmware does not speak although there are resources of them.
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
    host: Host, running: RunningHost, progress: Progress = lambda *_: None, most: int = MOST_MESSAGES
) -> Campaign:
    """Let every agent of a host that was just switched on try everything.

    More than `most` messages are sent only where there are more that an agent may send.
    """
    runner = _Runner(host, running, progress)
    tasks = [runner.task(speaker, kind) for speaker in runner.speakers for kind in runner.kinds]
    refusable, rest = sum(len(task.refused) for task in tasks), sum(len(task.permitted) for task in tasks)
    step = max(1, -(-refusable // max(1, most - rest)))
    runner.total = rest + refusable // step
    for number, task in enumerate(tasks):
        runner.refuse(task, task.refused[number % step :: step])
    for task in sorted(tasks, key=lambda task: task.speaker.trusted):
        runner.permit(task)
    servers = running.xen.firmware.servers
    return Campaign(
        speakers=tuple(runner.speakers),
        variants=tuple(variant for kind in runner.kinds for variant in kind.variants),
        trials=tuple(runner.trials()),
        sent=runner.sent,
        possible=refusable + rest,
        step=step,
        silent=tuple(each for each in ProtocolId if each not in servers and resources_of(runner.platform, each)),
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """A command of the firmware, its row, and all that it can be about."""

    server: Server
    command: Command
    row: MessageRow
    variants: Sequence[Variant]


@dataclass(frozen=True, slots=True)
class _Task:
    """What a speaker sends of one command: what is to be refused, and how, and what may be sent."""

    speaker: Speaker
    kind: _Kind
    refusal: Expectation
    refused: Sequence[Variant]
    permitted: Sequence[tuple[Variant, Expectation]]


_Key = tuple[int, int, int, Expectation, bytes, str]


class _Runner:
    """Sends, and keeps what is answered; `sent` counts, up to `total`."""

    def __init__(self, host: Host, running: RunningHost, progress: Progress) -> None:
        self.firmware = running.xen.firmware
        self.platform, self.profile = platform_of(host), profile_of(host)
        self.rights = rights_of(host)
        self.kinds = [kind for server in self._servers() for kind in self._kinds(server)]
        self.sent = self.total = 0
        self._progress = progress
        self._notified = frozenset(
            each.agent_id for each in self.platform.agents if each.p2a_shmem is not None and self.profile.notifications
        )
        holders: dict[int | None, RunningDomain] = {}
        for domain in running.domains:
            holders.setdefault(domain.wanted, domain)
        guests = {agent: guest for agent, domain in holders.items() if (guest := _guest(running.xen, domain))}
        self.speakers = [
            Speaker(
                agent=agent,
                domain=holders[agent].name if agent in holders else "",
                through_xen=agent in guests,
                trusted=agent in self.rights.trusted,
                devices=self.rights.devices.get(agent, frozenset()),
            )
            for agent in sorted(each.agent_id for each in self.platform.agents)
        ]
        self._sends = {
            each.agent: _through_xen(guests[each.agent]) if each.through_xen else _at_el3(self.firmware, each.agent)
            for each in self.speakers
        }
        self._found: dict[_Key, list[int | None]] = {}
        self._faults: dict[tuple[Command, Expectation, int, bytes], str] = {}

    def _servers(self) -> list[Server]:
        return [server for _, server in sorted(self.firmware.servers.items())]

    def _kinds(self, server: Server) -> Iterator[_Kind]:
        """Yield the commands of a protocol, in the version in which agents get it; a beta's none."""
        version = server.form_of(min(self.firmware.agents, default=0))
        commands = server.protocol.commands_of(version) if version not in server.protocol.beta else {}
        for _, command in sorted(commands.items()):
            variants = list(variants_of(command, self.platform, version, server.version))
            yield _Kind(server, command, MESSAGES[command.name], variants)

    # What is to be answered

    def task(self, speaker: Speaker, kind: _Kind) -> _Task:
        """Sort out what of a command is to be refused to a speaker."""
        agent, row, command = speaker.agent, kind.row, kind.command
        protocol = command.protocol_id
        if row.protection is Protection.TRUSTED and not speaker.trusted:
            refusal = Expectation(Status.DENIED, "only trusted agents may", refused=True)
        else:
            status = self.profile.status("no_permission", protocol, command.name)
            refusal = Expectation(status, "the resource is not given to the agent", refused=True)
        missing = self._missing(agent, kind)
        if missing is not None:
            return _Task(speaker, kind, refusal, (), [(variant, missing) for variant in kind.variants])
        if row.protection is Protection.TRUSTED and not speaker.trusted:
            return _Task(speaker, kind, refusal, kind.variants, ())
        protected = row.protection is Protection.CHANGE or (
            row.protection is Protection.READ and not self.profile.open_reads
        )
        refused, permitted = list[Variant](), list[tuple[Variant, Expectation]]()
        for variant in kind.variants:
            if protected and not self.rights.may_use(agent, protocol, variant.number or 0):
                refused.append(variant)
            else:
                permitted.append((variant, self._permitted(speaker, kind, variant)))
        return _Task(speaker, kind, refusal, refused, permitted)

    def _missing(self, agent: int, kind: _Kind) -> Expectation | None:
        """Return what is answered to a message that there is not for the agent; None if there is."""
        command = kind.command
        status = self.profile.status("unknown_message", command.protocol_id, command.name)
        names = (command.name, f"{ProtocolId(command.protocol_id).name}_{command.name}")
        if not self.profile.missing.isdisjoint(names):
            return Expectation(status, "the firmware does not have the message")
        if kind.row.notifies and agent not in self._notified:
            return Expectation(status, "the agent has no page for notifications")
        return None

    def _permitted(self, speaker: Speaker, kind: _Kind, variant: Variant) -> Expectation:
        if variant.lacks is not None:
            status = variant.lacks
            if not isinstance(status, Status):
                status = self.profile.status(status, kind.command.protocol_id, kind.command.name)
            return Expectation(status, "the resource does not have it")
        if variant.kept_to is not None and speaker.agent not in variant.kept_to and not speaker.trusted:
            return Expectation(Status.DENIED, "the platform keeps it to other agents")
        return Expectation(Status.SUCCESS, "given to the agent" if kind.row.about else "open to every agent")

    # Sending

    def refuse(self, task: _Task, variants: Sequence[Variant]) -> None:
        """Send what is to be refused, and see that it changes nothing."""
        if not variants:
            return
        before = self._state(task.kind)
        for variant in variants:
            self._try(task, variant, task.refusal)
        if self._state(task.kind) != before:
            numbers = [variant.number for variant in variants]
            self._keep(task, task.refusal, b"", "it changed something that is not given to the agent", numbers)

    def permit(self, task: _Task) -> None:
        """Send what may be sent."""
        for variant, expected in task.permitted:
            self._try(task, variant, expected)

    def _try(self, task: _Task, variant: Variant, expected: Expectation) -> None:
        agent, command = task.speaker.agent, task.kind.command
        answer = self._sends[agent](command.protocol_id, command.id, variant.payload_of(agent))
        self.sent += 1
        if not self.sent % 1000:
            self._progress(self.sent, self.total)
        key = (command, expected, agent, answer)
        if key not in self._faults:
            self._faults[key] = _fault(command, expected, agent, answer)
        self._keep(task, expected, answer, self._faults[key], [variant.number])

    def _keep(
        self, task: _Task, expected: Expectation, answer: bytes, fault: str, numbers: Sequence[int | None]
    ) -> None:
        command = task.kind.command
        key = (task.speaker.agent, command.protocol_id, command.id, expected, answer, fault)
        self._found.setdefault(key, []).extend(numbers)

    def _state(self, kind: _Kind) -> object:
        """Return what messages of a kind could change."""
        base = self.firmware.servers[ProtocolId.BASE].state()
        permissions = self.firmware.state().permissions if kind.row.protection is Protection.TRUSTED else None
        return kind.server.state(), base, permissions

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
