"""A plan with all of its numbers: agent ids, channels, SCMI device ids, pages, guest addresses."""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.devicetree import Node
from xenscmi.plan.board import AddressRange
from xenscmi.plan.lock import Lock
from xenscmi.plan.planned import XEN, PlannedDomain, ResolvedPlan

SHMEM = "page"
"""The lock's key of a domain's page; other keys are host addresses."""


@dataclass(frozen=True, slots=True)
class PlannedChannel:
    """An agent's channel in the firmware."""

    agent_id: int
    func_id: int
    page: int


@dataclass(frozen=True, slots=True)
class GuestRange:
    """Host pages and the guest address at which a domain finds them."""

    host: AddressRange
    guest: int

    def guest_address(self, host: int) -> int:
        """Return the guest address of a host address in this range."""
        return host - self.host.start + self.guest


@dataclass(frozen=True, slots=True, eq=False)
class Allotment:
    """What a domain was given: its channel, the guest address of its page, and the ranges of its devices' registers."""

    domain: PlannedDomain
    channel: PlannedChannel | None
    page: int | None
    ranges: tuple[GuestRange, ...]

    def guest_address(self, host: int) -> int:
        """Return the guest address of a host address that the domain was given."""
        return next(each for each in self.ranges if each.host.start <= host < each.host.end).guest_address(host)


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """A plan with all of its numbers.

    `device_ids` are the SCMI device ids by path; `holes` must be cut from the RAM; `srams` hold agents' pages, so dom0
    must not get them.
    """

    resolved: ResolvedPlan
    management: PlannedChannel
    allotments: tuple[Allotment, ...]
    device_ids: dict[str, tuple[int, ...]]
    holes: tuple[AddressRange, ...]
    srams: tuple[Node, ...]
    lock: Lock

    @property
    def dom0(self) -> Allotment | None:
        return next((each for each in self.allotments if each.domain.section is None), None)

    @property
    def guests(self) -> tuple[Allotment, ...]:
        return tuple(each for each in self.allotments if each.domain.section is not None)

    @property
    def channels(self) -> tuple[PlannedChannel, ...]:
        """All channels, Xen's among them, by agent id."""
        found = [self.management, *(each.channel for each in self.allotments if each.channel)]
        return tuple(sorted(found, key=lambda each: each.agent_id))

    @property
    def owners(self) -> dict[int, str]:
        """The owner of each agent, by agent id: a domain's name, or Xen."""
        given = {each.channel.agent_id: each.domain.name for each in self.allotments if each.channel}
        return {self.management.agent_id: XEN, **given}
