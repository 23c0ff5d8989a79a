"""XS323 unknown-iomem."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import RESERVED_MEMORY
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.diagnostics import Fix, Safety, Severity
from xenscmi.host.index import Index
from xenscmi.host.registers import pages_of
from xenscmi.host.types import GuestMapping, HostDomain
from xenscmi.rules.editing import xlcfg
from xenscmi.rules.editing.agents import settings_of
from xenscmi.rules.rule import Change, Finding, HostRule, unsafe_fix

RULE = HostRule(
    code="XS323",
    name="unknown-iomem",
    severity=Severity.ERROR,
    summary="iomem names a page that no device of the host has.",
    then='`xl create` fails: "failed give domain access to iomem range" (Operation not permitted)',
    xen="dom0 may pass on only the registers of the devices in its tree, and the pages of agents in use.",
    fix="write the page frame in hexadecimal: the host address of the registers without its last three digits",
    fixable=(Safety.UNSAFE,),
    bad=(Change("guest.cfg", '"e0002,1"', '"e0002,1", "e0008,1"'),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    if index.dom0 is None or not index.rows or index.broken_row:
        return  # Without the list of agents their pages are not known.
    for domain in index.host.domains:
        for mapping in domain.iomem:
            page = _unknown(index, mapping)
            if page is not None:
                yield Finding(
                    message=f"iomem of {domain.title}: no device of the host has the page {page:#x}",
                    span=mapping.span,
                    fix=_remove(index, domain, mapping),
                )


def _unknown(index: Index, mapping: GuestMapping) -> int | None:
    """Return the first page of a mapping that dom0 may not pass on."""
    at, end = mapping.host, mapping.host + mapping.size
    while at < end:
        found = [
            pages_of(use.region.start, use.region.size)[1]
            for use in index.passthrough.registers_of_dom0.within(at, at + PAGE_SIZE)
            if not use.node.path.lower().startswith(f"{RESERVED_MEMORY}/")
        ]
        if at // PAGE_SIZE in index.owners:
            found.append(at + PAGE_SIZE)
        if not found:
            return at
        at = max(found)
    return None


def _remove(index: Index, domain: HostDomain, mapping: GuestMapping) -> Fix | None:
    """Return the list without the mapping; where several are unknown, it may be the host tree that is wrong."""
    if sum(_unknown(index, each) is not None for each in domain.iomem) > 1:
        return None
    return unsafe_fix("Remove it", xlcfg.remove_item(settings_of(domain), "iomem", mapping.span))
