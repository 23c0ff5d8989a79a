"""Whether a guest finds its agent's page: where it looks, and what is mapped there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenscmi.bindings.names import XEN_REG
from xenscmi.host.guest_memory import mappings, maps_guest, maps_host
from xenscmi.host.index import Index, guest_channel, page
from xenscmi.host.types import DomainKind, GuestMapping, HostDomain, SecondaryAgent


@dataclass(frozen=True, slots=True)
class PageUse:
    """A guest with an agent: the agent's page, the guest address that its SCMI node names, and the mapping there."""

    domain: HostDomain
    row: SecondaryAgent
    host: int
    guest: int | None
    behind: GuestMapping | None

    @property
    def found(self) -> bool:
        """Whether the guest finds its agent's page where it looks."""
        return self.behind is not None and self.guest is not None and self.leads_to == self.host

    @property
    def leads_to(self) -> int | None:
        """The host address behind the guest address."""
        if self.behind is None or self.guest is None:
            return None
        return self.behind.host + self.guest - self.behind.guest

    @property
    def setting(self) -> str:
        """The setting or property that maps pages into this kind of domain."""
        return "iomem" if self.domain.kind is DomainKind.TOOLSTACK else XEN_REG

    def elsewhere(self) -> GuestMapping | None:
        """Return the mapping that has the agent's page at another guest address."""
        return next((each for each in mappings(self.domain) if maps_host(each, self.host)), None)


def page_uses(index: Index) -> Iterator[PageUse]:
    """Yield every guest that has a channel whose page is known."""
    for domain in index.host.domains:
        row = index.channel(domain)
        host = index.row_page(row) if row else None
        unknown = domain.tree is None and domain.kind is not DomainKind.TOOLSTACK
        if row is None or host is None or unknown:
            continue
        channel = guest_channel(domain)
        guest = page(channel.shmem) if channel else None
        behind = None if guest is None else _behind(domain, guest)
        yield PageUse(domain, row, host, guest, behind)


def _behind(domain: HostDomain, guest: int) -> GuestMapping | None:
    """Return what is mapped at a guest address: the last mapping wins."""
    return next((each for each in reversed(mappings(domain)) if maps_guest(each, guest)), None)
