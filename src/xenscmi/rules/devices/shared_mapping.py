"""XS327 shared-mapping."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.bindings.names import SCMI_SHMEM
from xenscmi.bindings.properties import is_available, is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.address_map import AddressMap
from xenscmi.host.index import Index
from xenscmi.host.registers import RegisterUse, register_map
from xenscmi.host.types import GuestMapping, HostDomain
from xenscmi.rules.rule import Change, Finding, HostRule, also

RULE = HostRule(
    code="XS327",
    name="shared-mapping",
    severity=Severity.WARNING,
    summary="Registers that one domain maps are also mapped by another domain, or belong to a device of dom0.",
    then="Xen lets both have it",
    xen="Xen does not compare iomem and xen,reg of different domains, nor with what dom0 has.",
    fix="map the registers to one domain; for a device that dom0 must not have, mark its node xen,passthrough;",
    bad=(
        Change(
            "host.dts",
            "\t\taudio@e0002000 {\n",
            '\t\tleds@e0003000 {\n\t\t\tcompatible = "lab,leds";\n\t\t\treg = <0x0 0xe0003000 0x0 0x1000>;\n\t\t};\n\n'
            "\t\taudio@e0002000 {\n",
        ),
        Change("guest.cfg", '"e0002,1"', '"e0002,1", "e0003,1"'),
    ),
)

Claim = tuple[HostDomain, GuestMapping]


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    claims: list[Claim] = [
        (domain, mapping)
        for domain in index.host.domains
        for mapping in index.passthrough.memory(domain).mappings
        if mapping.host // PAGE_SIZE not in {*index.owners, *index.notification_pages}  # foreign-page
    ]
    if not claims:
        return
    claimed = AddressMap((mapping.host, mapping.size, (domain, mapping)) for domain, mapping in claims)
    given = {(id(each.domain), each.node) for each in index.passthrough.given}
    devices = register_map({node: None for _, node in given})
    order = {id(domain): number for number, domain in enumerate(index.host.domains)}
    for domain, mapping in claims:
        nodes = {use.node for use in devices.within(mapping.host, mapping.host + mapping.size)}
        own = {node for node in nodes if (id(domain), node) in given}
        for other, theirs in claimed.within(mapping.host, mapping.host + mapping.size):
            shared = any((id(other), node) in given for node in own)  # shared-device
            if order[id(other)] < order[id(domain)] and not shared:
                yield Finding(
                    message=f"{domain.title} maps registers at {mapping.host:#x} that {other.title} also maps",
                    span=mapping.span,
                    related=also("first mapped here", theirs.span),
                )
                break
        if not own:
            yield from _of_dom0(domain, mapping, index.passthrough.registers_kept_by_dom0)


def _of_dom0(domain: HostDomain, mapping: GuestMapping, kept: AddressMap[RegisterUse]) -> Iterator[Finding]:
    told: set[Node] = set()
    for use in kept.within(mapping.host, mapping.host + mapping.size):
        if use.node not in told and is_available(use.node) and not is_compatible(use.node, SCMI_SHMEM):
            told.add(use.node)
            yield Finding(
                message=f"{domain.title} maps registers of {use.node.path}, which dom0 has",
                span=mapping.span,
                related=also("the registers", use.region.span),
            )
