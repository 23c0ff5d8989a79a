"""XS212 guest-layout-conflict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Severity
from xenscmi.host import guest_layout
from xenscmi.host.guest_layout import Occupied
from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind, HostDomain, Shmem
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS212",
    name="guest-layout-conflict",
    severity=Severity.ERROR,
    summary="Registers or the agent's page are at a guest address that Xen's Arm guest layout uses for something else.",
    then="the guest loses that RAM, or the registers",
    xen="Xen does not check. One mapping replaces the other: the guest loses its console, its interrupts, or pages of "
    "RAM, which starts at 0x40000000 and has the size of memory. Domains with direct-map have a different layout.",
    fix='map them at a free guest address such as 0x22001000 (iomem = [ "MFN,COUNT@GFN" ]), or give the domain less '
    "memory",
    bad=(Change("guest.cfg", "memory = 256", "memory = 2656"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        if domain.kind is DomainKind.DOM0 or domain.direct_map:
            continue
        ram = tuple(guest_layout.ram(domain.memory.value)) if domain.memory and domain.memory.value else ()
        occupied = (*guest_layout.FIXED, *ram)
        page = _page(domain)
        if page is not None and page.address is not None:
            for taken in _taken(occupied, page.address, PAGE_SIZE):
                message = f"guest address {page.address:#x} of the page of {domain.title} is in {taken.what}"
                yield Finding(message=message, span=page.span, severity=Severity.WARNING, then="Xen does not check")
        always = [each for each in occupied if each.always]
        for mapping in mappings(domain):
            if page is not None and mapping.guest == page.address:
                continue
            for taken in _taken(always, mapping.guest, mapping.size):
                in_ram = taken.what == guest_layout.RAM
                yield Finding(
                    message=f"{domain.title} maps {mapping.size:#x} bytes at guest address {mapping.guest:#x}, "
                    f"which is in {taken.what}",
                    span=mapping.span,
                    related=also("the domain's memory", domain.memory.span if domain.memory and in_ram else None),
                    severity=None if in_ram else Severity.WARNING,
                    then=None if in_ram else "Xen does not check",
                )


def _page(domain: HostDomain) -> Shmem | None:
    channel = guest_channel(domain)
    return channel.shmem.value if channel and channel.shmem else None


def _taken(occupied: Iterable[Occupied], start: int, size: int) -> Iterator[Occupied]:
    return (each for each in occupied if each.overlaps(start, size))
