"""XS313 unmapped-registers."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.addresses import RegEntry, address_cells, size_cells, written_reg
from xenscmi.bindings.names import XEN_REG
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.guest_memory import GuestMemory
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice, guest_registers, unit_address
from xenscmi.host.registers import pages_of, registers
from xenscmi.host.types import DomainKind, GuestMapping, Region
from xenscmi.rules.cells import is_misread
from xenscmi.rules.editing import dts
from xenscmi.rules.editing.mappings import change, map_pages
from xenscmi.rules.rule import Change, Finding, HostRule, also, fix_if, safe_fix
from xenscmi.source import Span

RULE = HostRule(
    code="XS313",
    name="unmapped-registers",
    severity=Severity.ERROR,
    summary="A domain gets a device, but not all of its registers, or not where the domain looks for them.",
    then="the guest's driver faults",
    xen="Xen maps what iomem or xen,reg says and compares it with nothing: dtdev and xen,path map no registers. The "
    "guest faults at the first access to a register that is not mapped.",
    fix='map whole pages: iomem = [ "MFN,COUNT@GFN" ] in page frames, or xen,reg = <host size guest>; in the cells of '
    "the parent, with the guest address that reg has",
    fixable=(Safety.SAFE, Safety.UNSAFE),
    bad=(Change("guest.cfg", '"47ff4,1@22001", "e0002,1"', '"47ff4,1@22001"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for given in index.passthrough.given:
        memory = index.passthrough.memory(given.domain)
        if not memory.is_paged:
            continue  # bad-xen-reg
        regions = [region for region in registers(given.node) if region.size]
        entries = guest_registers(given.guest) if given.guest else ()
        written = given.guest.get("reg") if given.guest else None
        if written is not None and not entries and written.value:
            yield Finding(
                message=f"reg of {written.node.path} of {given.domain.title} has {len(written.value) // 4} cells, "
                f"which is not a whole entry of {address_cells(written.node)} + {size_cells(written.node)} cells",
                span=written.span,
                related=also("the host's registers", *(region.span for region in regions[:1])),
                then="the guest has no registers there",
                help="write every address and size in as many cells as the parent declares, the high cell first",
                fix=safe_fix("Write two cells for each number", dts.widen(written)),
            )
            continue
        unmappable = not regions and "reg" in given.node and given.domain.kind is DomainKind.TOOLSTACK
        if unmappable and given.node.parent is not None:  # xen,reg needs no registers in the host's tree
            yield _untranslated(given, given.node.parent)
        for entry in {entry.address: entry for entry in entries}.values() if regions else ():
            for finding in _compare(index, given, entry, regions, memory):
                yield finding.replace(fix=None) if _is_doubtful(given) else finding
        for region in () if entries else regions:
            if not memory.by_host.covers(*pages_of(region.start, region.size)):
                yield _missing(index, given, region, memory)


def _is_doubtful(given: GivenDevice) -> bool:
    """Return whether the trees are in doubt: the guest's cells are misread, or the host's node is named otherwise."""
    written, name = written_reg(given.node), unit_address(given.node)
    contradicted = bool(written) and name is not None and written[0].address != name
    return contradicted or (given.guest is not None and is_misread(given.guest))


def _compare(
    index: Index, given: GivenDevice, entry: RegEntry, regions: list[Region], memory: GuestMemory
) -> Iterator[Finding]:
    """Compare registers as the guest's node has them with what is mapped there."""
    start, end = pages_of(entry.address, max(entry.size, 1))
    name = f"{given.node.path} of {given.domain.title}"
    behind = memory.by_guest.at(start)
    if behind is None:
        region = _meant(entry, regions)
        elsewhere = memory.by_host.at(region.start)
        if elsewhere is not None:
            mapped_at = elsewhere.guest + region.start - elsewhere.host
            # A node whose name has the mapped address has a wrong reg; else the mapping is the more likely mistake.
            wrong_reg = unit_address(given.guest) in _named_addresses(given, mapped_at, regions, memory)
            yield Finding(
                message=f"{given.domain.title} looks for the registers of {given.node.path} at {entry.address:#x}, "
                f"but {_setting(given)} maps them at {mapped_at:#x}",
                span=entry.span if wrong_reg else elsewhere.span,
                related=also("mapped here", elsewhere.span)
                if wrong_reg
                else also("the guest looks for them here", entry.span),
                fix=_write_reg(given, entry, mapped_at) if wrong_reg else _move(given, elsewhere, region, entry),
            )
        else:
            yield _missing(index, given, region, memory, start)
        return
    leads_to = behind.host + start - behind.guest
    if not any(region.start < leads_to + (end - start) and leads_to < region.end for region in regions):
        yield Finding(
            message=f"guest address {entry.address:#x} leads to {leads_to:#x}, which is not in the registers of {name}",
            span=behind.span,
            related=also("the guest looks for them here", entry.span),
            fix=_lead_to(given, behind, regions[0].start, start) if len(regions) == 1 else None,
        )
    elif not memory.by_guest.covers(start, end):
        yield Finding(
            message=f"{_setting(given)} maps {behind.size:#x} bytes of the registers of {name}, "
            f"which have {entry.size:#x}",
            span=behind.span,
            related=also("the registers", entry.span),
            fix=_enlarge(given, behind, end, regions),
        )


def _named_addresses(
    given: GivenDevice, mapped_at: int, regions: list[Region], memory: GuestMemory
) -> Iterator[int | None]:
    """Yield the addresses that show that reg is wrong if they are in the node's name.

    It has the first address: if that is wrong in reg, so are the others.
    """
    yield mapped_at
    first, mapping = guest_registers(given.guest)[0] if given.guest else None, memory.by_host.at(regions[0].start)
    if first and mapping and memory.by_guest.at(first.address) is None:
        yield mapping.guest + regions[0].start - mapping.host


def _untranslated(given: GivenDevice, bus: Node) -> Finding:
    return Finding(
        message=f"{given.node.path} is given to {given.domain.title}, but Xen finds no registers of it: "
        f"{bus.path} has no usable ranges",
        span=bus.span,
        related=also("given here", given.span),
        then="Xen does not let anyone map them",
        help="add `ranges;` to the bus, or `ranges` with the addresses of the parent",
    )


def _meant(entry: RegEntry, regions: list[Region]) -> Region:
    """Return the region of the device that the guest's registers most likely are."""
    same = [region for region in regions if region.start == entry.address]
    return (same or [region for region in regions if region.size == entry.size] or regions)[0]


def _missing(
    index: Index, given: GivenDevice, region: Region, memory: GuestMemory, guest: int | None = None
) -> Finding:
    """Return that registers are not mapped, or not all of them; `guest` is the page where the guest looks for them."""
    partly = next(memory.by_host.within(region.start, region.end), None)
    how = "only partly maps" if partly else "does not map"
    return Finding(
        message=f"{given.node.path} is given to {given.domain.title}, but {_setting(given)} {how} "
        f"its registers from {region.start:#x} to {region.end - 1:#x}",
        span=partly.span if partly else _place(given),
        related=also("the registers", region.span),
        fix=None if partly else _map(index, given, region, guest),
    )


def _map(index: Index, given: GivenDevice, region: Region, guest: int | None) -> Fix | None:
    """Return the mapping that is missing; without a node of the guest, at the host's own address."""
    start, end = pages_of(region.start, region.size)
    if given.guest is None and given.domain.tree is not None:
        return None  # missing-guest-node
    at = start if guest is None else guest
    title = f"Map the registers from {start:#x} at {at:#x}"
    return fix_if(guest is not None, title, map_pages(index, given.domain, given.guest, start, end - start, at))


def _write_reg(given: GivenDevice, entry: RegEntry, mapped_at: int) -> Fix | None:
    """Return the address that the node's name has and the mapping too."""
    node = given.guest
    written = next((each for each in written_reg(node) if each.offset == entry.offset), None) if node else None
    if node is None or written is None:
        return None
    new = written.address + mapped_at - entry.address  # `ranges` may translate it
    return safe_fix(f"Write {mapped_at:#x}", dts.address(node, new, entry.offset // 4))


def _move(given: GivenDevice, mapping: GuestMapping, region: Region, entry: RegEntry) -> Fix | None:
    """Return the mapping at the address that reg has: safe if the node's name has that, too."""
    guest = entry.address - region.start + mapping.host
    certain = unit_address(given.guest) == entry.address
    return fix_if(certain, f"Map the registers at {entry.address:#x}", change(given.domain, mapping, guest=guest))


def _lead_to(given: GivenDevice, mapping: GuestMapping, host: int, guest: int) -> Fix | None:
    """Return the host's address of the registers: safe if the guest's node has the same one, as most have."""
    new = pages_of(host, 1)[0] - (guest - mapping.guest)
    certain = unit_address(given.guest) == host and mapping.guest == guest
    return fix_if(certain, f"Map the registers from {host:#x}", change(given.domain, mapping, host=new))


def _enlarge(given: GivenDevice, mapping: GuestMapping, end: int, regions: list[Region]) -> Fix | None:
    """Return the mapping with all pages of the registers: safe if it has the first; else it may begin a page early.

    If the guest's node has more than the host's, that is wrong, and the domain would be given what is another's.
    """
    size = end - mapping.guest
    meant = [each for each in regions if each.start < mapping.host + mapping.size and mapping.host < each.end]
    if not any(mapping.host + size <= pages_of(each.start, each.size)[1] for each in meant):
        return None
    has_first = any(pages_of(each.start, each.size)[0] == mapping.host for each in meant)
    return fix_if(has_first, f"Map {size:#x} bytes", change(given.domain, mapping, size=size))


def _setting(given: GivenDevice) -> str:
    return "iomem" if given.domain.kind is DomainKind.TOOLSTACK else XEN_REG


def _place(given: GivenDevice) -> Span:
    """Return where a mapping is missing."""
    if given.domain.kind is DomainKind.TOOLSTACK:
        return given.domain.iomem_span or given.span
    xen_reg = given.guest.get(XEN_REG) if given.guest else None
    return xen_reg.span if xen_reg else given.span
