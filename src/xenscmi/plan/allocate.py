"""Who gets which number: agent ids, channels, SCMI device ids, pages, guest addresses.

Numbers that the plan insists on come first, then those of the lock file, then the lowest free ones in the plan's order.
The same plan and lock always give the same numbers, and one more domain changes no other domain's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from xenscmi.bindings import names
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree import Node
from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.firmware.profile import PROFILES
from xenscmi.plan import guest_layout
from xenscmi.plan.allocation import SHMEM, Allocation, Allotment, GuestRange, PlannedChannel
from xenscmi.plan.board import MEMRESERVE, AddressRange, Board
from xenscmi.plan.lock import Lock
from xenscmi.plan.planned import DOM0, XEN, PlannedDomain, ResolvedPlan
from xenscmi.plan.schema import FirmwarePlan
from xenscmi.source import Span

_SIP_CALLS = (0x02000000, 0x42000000, 0x82000000, 0xC2000000)
_MAX_CHANNELS = 255
ROOM_FOR_PAGES = 1 << 20
"""What is kept for the pages where the plan does not say where they are: enough for all agents that there can be."""


def allocate(resolved: ResolvedPlan, lock: Lock) -> Allocation:
    """Return the plan with its numbers. Raises XenscmiError for conflicts, saying who holds what."""
    return _Allocator(resolved, lock).run()


@dataclass(slots=True)
class _Allocator:
    resolved: ResolvedPlan
    lock: Lock
    errors: list[Diagnostic] = field(default_factory=list)

    @property
    def firmware(self) -> FirmwarePlan:
        return self.resolved.read.plan.firmware

    @property
    def board(self) -> Board:
        return self.resolved.board

    def run(self) -> Allocation:
        base = self._pages()
        management = self._management()
        agents = self._agents(management)
        ids = self._device_ids()
        channels = {number: self._channel(number, base) for number in {management, *agents.values()}}
        self._check_channels(channels.values(), management)
        dom0 = agents.get(DOM0)
        self._check_static_mem(base)
        holes, srams = self._holes(base, channels[dom0].page if dom0 is not None else None)
        allotments = tuple(
            self._allot(domain, channels[agents[domain.name]] if domain.name in agents else None)
            for domain in self.resolved.domains
        )
        if self.errors:
            raise XenscmiError(*self.errors)
        lock = Lock(
            pages=base if self.firmware.pages is None and not self.firmware.channels else None,
            agents=agents,
            devices={path: own[0] if len(own) == 1 else own for path, own in ids.items()},
            guests={
                each.domain.name: _given(each)
                for each in allotments
                if each.domain.section and (each.page or each.ranges)
            },
        )
        return Allocation(self.resolved, channels[management], allotments, ids, holes, srams, lock)

    def _error(self, message: str, key: str | Span, help: str, *related: Annotation) -> None:
        span = self.resolved.read.at(key) if isinstance(key, str) else key
        self.errors.append(Diagnostic(message=message, span=span, help=help, related=related))

    # agents

    def _management(self) -> int:
        stated = self.firmware.management_agent
        if stated is not None:
            return stated
        return min(PROFILES[self.firmware.profile].trusted_agents or (1,))

    def _agents(self, management: int) -> dict[str, int]:
        """Return the agent id of every domain that has one."""
        asking = [domain for domain in self.resolved.domains if domain.agent]
        possible = self._possible()
        holders: dict[int, str] = {management: XEN}
        given: dict[str, int] = {}
        if management not in possible:
            self._error(f"Xen's agent {management} has no channel", "$.firmware", "list it in channels")
        for domain in asking:
            if domain.insisted is None:
                continue
            self._insist(domain, domain.insisted, holders, possible)
            given[domain.name] = domain.insisted
        known = {domain.name for domain in asking}
        for name, number in self.lock.agents.items():
            if name in known and name not in given and number in possible and number not in holders:
                holders[number] = name
                given[name] = number
        free = iter(sorted(possible - holders.keys() - {0}))
        for domain in asking:
            if domain.name not in given:
                given[domain.name] = next(free, 0)
                if not given[domain.name]:
                    help = "raise `agents' in [firmware], or list more channels"
                    self._error(f"there is no agent left for {domain.name}", domain.span, help)
        return {domain.name: given[domain.name] for domain in asking}

    def _insist(self, domain: PlannedDomain, number: int, holders: dict[int, str], possible: set[int]) -> None:
        if number not in possible:
            help = "raise `agents' in [firmware], or list its channel"
            self._error(f"{domain.name} insists on agent {number}, which the firmware does not have", domain.span, help)
        elif number in holders:
            message = f"{domain.name} insists on agent {number}, which is {holders[number]}'s"
            self._error(message, domain.span, "insist on another, or on none")
        else:
            locked = [name for name, held in self.lock.agents.items() if held == number and name != domain.name]
            for other in self.resolved.domains:
                if other.name in locked and other.agent and other.insisted is None:
                    message = f"{domain.name} insists on agent {number}, which {other.name} holds (plan.lock)"
                    help = f"insist on another, or remove the line of {other.name} under [agents] of plan.lock"
                    self._error(message, domain.span, help, Annotation(span=other.span, label="it is this domain's"))
        holders[number] = domain.name

    def _possible(self) -> set[int]:
        if self.firmware.channels:
            return {channel.agent for channel in self.firmware.channels}
        return set(range(min(self.firmware.agents, _MAX_CHANNELS)))

    def _channel(self, number: int, base: int) -> PlannedChannel:
        for channel in self.firmware.channels:
            if channel.agent == number:
                return PlannedChannel(number, channel.func_id, channel.page)
        return PlannedChannel(number, self.firmware.func_id + number, base + PAGE_SIZE * number)

    def _check_channels(self, channels: Iterable[PlannedChannel], management: int) -> None:
        """Refuse function ids that Xen does not forward, and channels that share a function id or a page."""
        func_ids: dict[int, int] = {}
        pages: dict[int, int] = {}
        for channel in sorted(channels, key=lambda each: each.agent_id):
            number = channel.agent_id
            if channel.func_id & 0xFFFF0000 not in _SIP_CALLS and number != management:
                message = f"function id {channel.func_id:#x} of agent {number} is never forwarded by Xen"
                self._error(message, "$.firmware.func_id", "use one of the SiP range: 0x82000000 to 0x8200ffff")
            if (other := func_ids.setdefault(channel.func_id, number)) != number:
                message = f"agents {other} and {number} have one function id, {channel.func_id:#x}"
                self._error(message, "$.firmware.channels", "each channel has its own")
            if (other := pages.setdefault(channel.page, number)) != number:
                message = f"agents {other} and {number} have one page, {channel.page:#x}"
                self._error(message, "$.firmware.channels", "each channel has its own")

    # devices

    def _device_ids(self) -> dict[str, tuple[int, ...]]:
        """Return the SCMI device ids of every device under SCMI control, by path."""
        devices = [each for domain in self.resolved.domains for each in domain.devices if each.controlled]
        known = self.resolved.map
        holders = dict.fromkeys(known.taken, f"another device's (the map {known.name})")
        holders |= {row.id: path for path, rows in known.devices.items() for row in rows}
        for device in devices:
            for insisted in (each.id for each in device.scmi if each.id is not None):
                other = holders.setdefault(insisted, device.path)
                if other != device.path:
                    message = f"{device.path} insists on SCMI device id {insisted}, which is {_whose(other)}"
                    self._error(message, device.span, "insist on another, or on none")
        first: dict[str, int] = {}
        asking = [device for device in devices if device.scmi[0].id is None]
        for device in asking:
            number = next(iter(self.lock.device_ids(device.path)), None)
            if number is not None and number not in holders:
                holders[number] = device.path
                first[device.path] = number
        free = (number for number in count() if number not in holders)
        for device in asking:
            if device.path not in first:
                first[device.path] = next(free)
        return {
            device.path: tuple(first[device.path] if each.id is None else each.id for each in device.scmi)
            for device in devices
        }

    # pages

    def _pages(self) -> int:
        """Return the address of agent 0's page: the plan's, the lock's, or one at the end of the RAM."""
        firmware = self.firmware
        stated = firmware.pages if firmware.pages is not None else self.lock.pages
        if stated is not None and stated % PAGE_SIZE:
            self._error(
                f"pages start at {stated:#x}, which is not the start of a page",
                "$.firmware.pages",
                "use a multiple of 0x1000",
            )
        if stated is not None or firmware.channels:
            return stated or 0
        size = ROOM_FOR_PAGES
        for bank in self.board.banks():
            end = bank.end
            while end - size > bank.start + (64 << 20):
                region = AddressRange((end - size) >> 20 << 20, (end - size >> 20 << 20) + size)
                taken = [span.start for _, span in self.board.reserved if span.overlaps(region)]
                if not taken:
                    return region.start
                end = min(taken)
        help = "say where: `pages'" if self.board.ram else "the tree has no RAM: say where it is (`ram' in [board])"
        self._error("there is no room for the agents' pages in the RAM", "$.firmware", help)
        return 0

    def _holes(self, base: int, dom0: int | None) -> tuple[tuple[AddressRange, ...], tuple[Node, ...]]:
        """Return what must be cut from the RAM, and the SRAMs that hold pages of others than dom0 (whose is given)."""
        for channel in self.firmware.channels:
            if channel.page % PAGE_SIZE:
                message = f"the page of agent {channel.agent} is at {channel.page:#x}, which is not the start of a page"
                self._error(message, "$.firmware.channels", "use a multiple of 0x1000")
        merged = list(_merge(self._page_regions(base)))
        own = None if dom0 is None else AddressRange(dom0, dom0 + PAGE_SIZE)
        srams: dict[Node, None] = {}
        for region in merged:
            for name, reserved in self.board.reserved:
                # Xen gives /reserved-memory to dom0, but not what /memreserve/ keeps.
                if reserved.overlaps(region) and name != MEMRESERVE:
                    message = f"the agents' pages {_range(region)} overlap {name}, which dom0 may read"
                    self._error(message, "$.firmware.pages", "put them elsewhere")
            for node in self.board.in_pages(region):
                if is_compatible(node, "mmio-sram", names.SCMI_SHMEM):
                    if any(each.pages() != own for each in self.board.hardware[node].regions):
                        srams[node] = None
                else:
                    message = f"the agents' pages {_range(region)} overlap the registers of {node.path}"
                    self._error(message, "$.firmware.pages", "put them elsewhere")
        holes = tuple(region for region in merged if any(bank.overlaps(region) for bank in self.board.ram))
        return holes, tuple(srams)

    def _check_static_mem(self, base: int) -> None:
        """Refuse static memory that is not RAM of the board, not whole pages, or already taken."""
        taken = [(f"{name} of the board", region) for name, region in self.board.reserved]
        taken += [("the agents' pages", region) for region in self._page_regions(base)]
        for number, domain in enumerate(self.resolved.read.plan.domain):
            for index, (start, size) in enumerate(domain.static_mem):
                key = f"$.domain[{number}].static_mem[{index}]"
                bank = AddressRange(start, start + size)
                if start % PAGE_SIZE or size % PAGE_SIZE:
                    self._error(f"{_range(bank)} is not of whole pages", key, "use multiples of 0x1000")
                elif not any(ram.start <= start and bank.end <= ram.end for ram in self.board.ram):
                    self._error(f"{_range(bank)} is not RAM of the board", key, "choose RAM that /memory has")
                for owner, other in taken:
                    if other.overlaps(bank):
                        self._error(f"{_range(bank)} overlaps {owner}, {_range(other)}", key, "choose other RAM")
                taken.append((f"the RAM of {domain.name}", bank))

    def _page_regions(self, base: int) -> list[AddressRange]:
        """Return the regions that hold the pages of all possible agents."""
        if self.firmware.channels:
            return [AddressRange(each.page, each.page + PAGE_SIZE) for each in self.firmware.channels]
        return [AddressRange(base, base + self.firmware.agents * PAGE_SIZE)]

    # guests

    def _allot(self, domain: PlannedDomain, channel: PlannedChannel | None) -> Allotment:
        section = domain.section
        if section is None:
            return Allotment(domain, channel, channel.page if channel else None, ())
        locked = self.lock.guests.get(domain.name, {})
        regions = [region.pages() for device in domain.devices for each in device.hardware for region in each.regions]
        wanted = list(_merge(regions))
        if section.direct_map:
            own = tuple(GuestRange(each, each.start) for each in wanted)
            return Allotment(domain, channel, channel.page if channel else None, own)
        taken: list[AddressRange] = []
        page = self._shmem(domain, locked.get(SHMEM), taken) if channel else None
        ranges = self._ranges(domain, wanted, locked, taken)
        return Allotment(domain, channel, page, ranges)

    def _shmem(self, domain: PlannedDomain, locked: int | None, taken: list[AddressRange]) -> int:
        start = guest_layout.PAGES.start
        if (
            locked is not None
            and locked % PAGE_SIZE == 0
            and guest_layout.PAGES.start <= locked < guest_layout.PAGES.end
        ):
            start = locked
        taken.append(AddressRange(start, start + PAGE_SIZE))
        return start

    def _ranges(
        self, domain: PlannedDomain, wanted: list[AddressRange], locked: dict[str, int], taken: list[AddressRange]
    ) -> tuple[GuestRange, ...]:
        """Return the guest addresses of a domain's registers: as locked, else the host's addresses, else free ones."""
        section = domain.section
        assert section is not None
        memory = max(section.memory, section.maxmem or 0)
        found: dict[AddressRange, int] = {}

        def settle(host: AddressRange, guest: int | None) -> None:
            if guest is None or guest % PAGE_SIZE or guest + host.size > 1 << 40 or host in found:
                return
            there = AddressRange(guest, guest + host.size)
            if guest_layout.taken_by(there, memory) is None and not any(there.overlaps(each) for each in taken):
                found[host] = guest
                taken.append(there)

        for host in wanted:
            settle(host, locked.get(hex(host.start)))
        for host in wanted:
            settle(host, host.start)
        for host in wanted:
            if host not in found:
                free = [*taken, *guest_layout.TAKEN.values()]
                settle(host, guest_layout.find_free(host.size, free, guest_layout.WINDOWS))
            if host not in found:
                message = f"there is no room in {domain.name} for the registers at {_range(host)}"
                self._error(message, domain.span, "give it less memory, so that they can stay at the host's address")
                found[host] = host.start
        return tuple(GuestRange(host, found[host]) for host in wanted)


def _whose(holder: str) -> str:
    return f"{holder}'s" if holder.startswith("/") else holder


def _given(allotment: Allotment) -> dict[str, int]:
    page = {SHMEM: allotment.page} if allotment.page is not None else {}
    return page | {hex(each.host.start): each.guest for each in allotment.ranges}


def _merge(regions: Iterable[AddressRange]) -> Iterator[AddressRange]:
    """Yield the regions in rising order, with overlapping ones merged."""
    current: AddressRange | None = None
    for region in sorted(set(regions), key=lambda each: (each.start, each.end)):
        if current is None or region.start >= current.end:
            if current is not None:
                yield current
            current = region
        else:
            current = AddressRange(current.start, max(current.end, region.end))
    if current is not None:
        yield current


def _range(region: AddressRange) -> str:
    return f"{region.start:#x} to {region.end - 1:#x}"
