"""What did not go as a host's files mean it, by what became of the host: the expected.json of a boot vector."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from xenscmi.bindings.names import XEN_DOMAIN
from xenscmi.bindings.properties import is_compatible
from xenscmi.config.constants import PAGE_SIZE
from xenscmi.host.guest_memory import mappings
from xenscmi.host.index import Index, guest_channel, wanted_agent
from xenscmi.host.types import DomainKind, Host, HostDomain

_READ = re.compile(r"read (0x[0-9a-f]+): READABLE")


def went_wrong(host: Host, expected: dict[str, Any]) -> list[str]:
    """Return what did not go as the host's files mean it."""
    if not expected["boots"]:
        return [f"panic: {expected['panic']}"]
    index = Index(host)
    wrong = [f"{path} is not a domain" for path in _overlooked_domains(host)]
    first_id = 0 if host.domains[0].kind is DomainKind.DOM0 else 1
    for number, domain in enumerate(host.domains, first_id):
        seen = expected["domains"][f"d{number}"]
        wrong += [f"d{number} {what}" for what in _of_domain(index, domain, seen)]
    return wrong


def _of_domain(index: Index, domain: HostDomain, seen: dict[str, Any]) -> Iterator[str]:
    dom0, wanted = domain.kind is DomainKind.DOM0, wanted_agent(domain)
    node = index.dom0_channel if dom0 else guest_channel(domain)
    yield from (f"reads the page of {owner}" for owner in _foreign_pages(index, domain, seen))
    offers = seen.get("channel", {}) is not None if dom0 else node is not None
    if wanted is None and not offers:
        return
    if wanted is not None and node is not None and not node.available:
        yield "does not use its disabled node"
    elif not seen["answered"]:
        yield "was not answered"
    else:
        if wanted is None or seen["agent_id"] != wanted.value:
            yield f"is agent {seen['agent_id']}"
        denied = set(_meant(index, domain)) - set(seen["allowed"])
        if wanted is not None and denied:
            yield f"was denied {denied}"


def _meant(index: Index, domain: HostDomain) -> Iterator[int | None]:
    """Yield the SCMI devices that a domain is meant to have; None for one that cannot be read.

    In the boot vectors, device d owns clock d, reset d and power domain d.
    """
    controllers = {node.path for node in index.host.scmi_nodes}
    for each in index.assignments:
        for entry in each.device.entries if each.domain is domain else ():
            if entry.problem or entry.target in controllers:
                yield entry.arguments[0] if entry.arguments else None
    for node in domain.tree.nodes if domain.tree else ():
        yield from (resource.resource_id for resource in node.resources)


def _foreign_pages(index: Index, domain: HostDomain, seen: dict[str, Any]) -> Iterator[str]:
    """Yield whose pages a domain could read besides its own: dom0's addresses are the host's."""
    for found in _READ.finditer(seen.get("raw", "")):
        at = int(found[1], 16)
        for mapping in mappings(domain) if domain.kind is not DomainKind.DOM0 else ():
            if mapping.guest <= at < mapping.guest + mapping.size:
                at += mapping.host - mapping.guest
                break
        page = index.owners.get(at // PAGE_SIZE)
        if page and (page.row is None or page.row is not index.channel(domain)):
            yield page.owner


def _overlooked_domains(host: Host) -> Iterator[str]:
    for node in host.tree.walk() if host.tree else ():
        if is_compatible(node, XEN_DOMAIN) and (node.parent is None or node.parent.path != "/chosen"):
            yield node.path
