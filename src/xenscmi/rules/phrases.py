"""Phrases that several rules share, so that one thing always has one name."""

from __future__ import annotations

from xenscmi.devicetree.tree import Node
from xenscmi.host.index import Index
from xenscmi.host.iommu import is_protected
from xenscmi.host.passthrough import spis
from xenscmi.host.types import DomainKind, HostDomain

PROBE_FAILS = "the mediator's probe fails, and every domain runs without SCMI"
NO_SCMI = "The mediator's probe fails. That is not fatal: Xen boots, and every domain runs without SCMI."


def refusal(domain: HostDomain, errno: int) -> str:
    """Return what happens when Xen refuses to create a domain: a panic at boot, or an error of `xl create`."""
    if domain.kind is DomainKind.DOM0:
        return f"Xen panics at boot (rc = {-errno})"
    if domain.kind is DomainKind.DOM0LESS:
        return f'Xen panics: "Error creating domain {domain.name} (rc = {-errno})"'
    words = {2: "No such file or directory", 17: "File exists", 22: "Invalid argument"}
    return f'`xl create` fails: "domain creation fail: {words[errno]}"'


def one_owner(index: Index, node: Node) -> str | None:
    """Return why only one domain can have a device, and what Xen does with a second; None if Xen lets both have it."""
    if any(spis(node)):
        return "its interrupts have one owner, and Xen refuses to create the second domain (-16)"
    if is_protected(node):
        return "its IOMMU has one owner for it, and Xen refuses to create the second domain (-16)"
    if index.management is not None and index.device(node.path) is not None and _exclusive(index.host.firmware.profile):
        return "the firmware allows one owner, and Xen refuses to create the second domain (-13)"
    return None


def _exclusive(profile: str) -> bool:
    """Return whether a firmware grants a device to one domain only."""
    from xenscmi.firmware.profile import PROFILES  # brings all its protocols along, and is rarely needed

    return PROFILES[profile].exclusive
