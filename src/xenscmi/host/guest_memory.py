"""What of the host's addresses a guest is given, and where it sees it."""

from __future__ import annotations

from functools import cached_property

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.host.address_map import AddressMap
from xenscmi.host.types import DomainKind, GuestMapping, HostDomain


def mappings(domain: HostDomain) -> tuple[GuestMapping, ...]:
    """Return what of the host's addresses a guest is given: `iomem`, or `xen,reg` of its partial tree."""
    if domain.kind is not DomainKind.DOM0LESS:
        return domain.iomem
    nodes = domain.tree.nodes if domain.tree else ()
    return tuple(each for node in nodes if node.mappings for each in node.mappings.value or ())


def maps_host(mapping: GuestMapping, address: int) -> bool:
    """Return whether a mapping reaches into the host page at an address."""
    return mapping.host < address + PAGE_SIZE and address < mapping.host + mapping.size


def maps_guest(mapping: GuestMapping, address: int) -> bool:
    """Return whether a mapping lies behind a guest address."""
    return mapping.guest <= address < mapping.guest + mapping.size


class GuestMemory:
    """The mappings of a domain by address."""

    def __init__(self, domain: HostDomain) -> None:
        self.mappings = mappings(domain)

    @cached_property
    def by_guest(self) -> AddressMap[GuestMapping]:
        """The mappings by guest addresses."""
        return AddressMap((each.guest, each.size, each) for each in self.mappings)

    @cached_property
    def by_host(self) -> AddressMap[GuestMapping]:
        """The mappings by host addresses."""
        return AddressMap((each.host, each.size, each) for each in self.mappings)

    @cached_property
    def is_paged(self) -> bool:
        """Whether all mappings are whole pages, and at least one each: others Xen refuses, or maps nothing."""
        return all(each.size and (each.host | each.guest | each.size) % PAGE_SIZE == 0 for each in self.mappings)

    def host_address(self, address: int) -> int:
        """Return the host address behind a guest address; the address itself where nothing maps it."""
        mapping = self.by_guest.at(address)
        return address if mapping is None else mapping.host + address - mapping.guest
