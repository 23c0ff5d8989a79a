"""How an agent's message has to be answered: by the host's files and the firmware's profile, not by the firmware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from xenscmi.host.platform import platform_of, profile_of
from xenscmi.host.types import Host
from xenscmi.scmi.header import ProtocolId
from xenscmi.scmi.message import Command
from xenscmi.scmi.status import Status
from xenscmi.simulation.messages import MESSAGES, Protection
from xenscmi.simulation.rights import rights_of
from xenscmi.simulation.variants import Variant


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


Judge = Callable[[Variant], Expectation]


class Expectations:
    """What the files of a host, and the profile of its firmware, let each agent expect."""

    def __init__(self, host: Host) -> None:
        self.rights, self.profile = rights_of(host), profile_of(host)
        self._notified = frozenset(
            each.agent_id
            for each in platform_of(host).agents
            if each.p2a_shmem is not None and self.profile.notifications
        )

    def own(self, agent: int, protocol: int) -> frozenset[int]:
        """Return the resources of a protocol that the files give to an agent."""
        return self.rights.resources.get(agent, {}).get(protocol, frozenset())

    def judge(self, speaker: Speaker, command: Command) -> Judge:
        """Return what decides how a speaker's message has to be answered."""
        row, protocol = MESSAGES[command.name], command.protocol_id
        missing = self._missing(speaker.agent, command)
        if missing is not None:
            return lambda _: missing
        if row.protection is Protection.TRUSTED and not speaker.trusted:
            untrusted = Expectation(Status.DENIED, "only trusted agents may", refused=True)
            return lambda _: untrusted
        opened = row.protection in (Protection.OPEN, Protection.TRUSTED) or (
            row.protection is Protection.READ and self.profile.open_reads
        )
        if opened or speaker.trusted:
            return lambda variant: self._permitted(speaker, variant)
        own, status = self.own(speaker.agent, protocol), self.profile.status("no_permission", protocol, command.name)
        refusal = Expectation(status, "the resource is not given to the agent", refused=True)
        return lambda variant: self._permitted(speaker, variant) if variant.number in own else refusal

    def _missing(self, agent: int, command: Command) -> Expectation | None:
        """Return what is answered to a message that there is not for the agent; None if there is."""
        status = self.profile.status("unknown_message", command.protocol_id, command.name)
        names = (command.name, f"{ProtocolId(command.protocol_id).name}_{command.name}")
        if not self.profile.missing.isdisjoint(names):
            return Expectation(status, "the firmware does not have the message")
        if MESSAGES[command.name].notifies and agent not in self._notified:
            return Expectation(status, "the agent has no page for notifications")
        return None

    def _permitted(self, speaker: Speaker, variant: Variant) -> Expectation:
        command = variant.command
        if variant.lacks is not None:
            status = variant.lacks
            if not isinstance(status, Status):
                status = self.profile.status(status, command.protocol_id, command.name)
            return Expectation(status, "the resource does not have it")
        if variant.kept_to is not None and speaker.agent not in variant.kept_to and not speaker.trusted:
            return Expectation(Status.DENIED, "the platform keeps it to other agents")
        return Expectation(Status.SUCCESS, "given to the agent" if variant.about else "open to every agent")
