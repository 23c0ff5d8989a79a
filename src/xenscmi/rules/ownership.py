"""Which devices can have one owner only."""

from __future__ import annotations

from xenscmi.devicetree.tree import Node
from xenscmi.host.index import Index
from xenscmi.host.iommu import is_protected
from xenscmi.host.passthrough import spis
from xenscmi.host.types import Host


def one_owner(index: Index, node: Node) -> str | None:
    """Return why only one domain can have a device, and what Xen does with a second; None if Xen lets both have it."""
    if any(spis(node)):
        return "its interrupts have one owner, and Xen refuses to create the second domain (-16)"
    if is_protected(node):
        return "its IOMMU has one owner for it, and Xen refuses to create the second domain (-16)"
    if index.management is not None and index.device(node.path) is not None and _exclusive(index.host):
        return "the firmware allows one owner, and Xen refuses to create the second domain (-13)"
    return None


def _exclusive(host: Host) -> bool:
    """Return whether the firmware grants a device to one domain only."""
    from xenscmi.host.platform import profile_of  # brings the firmware's records along, and is rarely needed

    return profile_of(host).exclusive
