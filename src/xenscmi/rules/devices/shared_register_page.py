"""XS319 shared-register-page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenscmi.bindings.properties import is_available
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.address_map import AddressMap
from xenscmi.host.index import Index
from xenscmi.host.passthrough import GivenDevice
from xenscmi.host.registers import RegisterUse, pages_of, register_map, registers
from xenscmi.host.types import HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS319",
    name="shared-register-page",
    severity=Severity.WARNING,
    summary="Devices of two domains have registers in the same page of 4096 bytes.",
    then="each domain reaches the other's registers",
    xen="Xen maps whole pages. Whoever gets a device gets everything else in its pages, too.",
    fix="give both devices to one domain",
    bad=(Change("host.dts", "reg = <0x0 0xe0000000 0x0 0x1000>;", "reg = <0x0 0xe0000000 0x0 0x1800>;"),),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    given = index.passthrough.given
    owners: dict[Node, HostDomain] = {each.node: each.domain for each in reversed(given)}
    maps = (register_map(owners), index.passthrough.registers_kept_by_dom0)
    kept = index.passthrough.kept_by_dom0
    told: set[frozenset[Node]] = set()
    for each in given:
        for other in _in_same_pages(each, maps):
            pair = frozenset((each.node, other.node))
            owner = owners.get(other.node) or kept[other.node]
            if owner is not each.domain and pair not in told and not _nested(each.node, other.node):
                told.add(pair)
                yield Finding(
                    message=f"{each.node.path} of {each.domain.title} has registers in one page "
                    f"with {other.node.path} of {owner.title}",
                    span=each.span,
                    related=also("the other registers", other.region.span),
                )


def _in_same_pages(given: GivenDevice, maps: Sequence[AddressMap[RegisterUse]]) -> Iterator[RegisterUse]:
    """Yield the registers of available devices in the pages of those of a device that is given."""
    for region in registers(given.node):
        for found in maps if region.size else ():
            for other in found.within(*pages_of(region.start, region.size)):
                if other.node is not given.node and (found is maps[0] or is_available(other.node)):
                    yield other


def _nested(one: Node, other: Node) -> bool:
    """Return whether one node is above the other: a bus or a multi-function device and its part."""
    return one in other.ancestors() or other in one.ancestors()
