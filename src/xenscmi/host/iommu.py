"""Which devices an IOMMU protects, as Xen sees it (xen/drivers/passthrough/device_tree.c, iommu_add_dt_device)."""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import IOMMU_CELLS, IOMMUS, XEN_IOMMUS
from xenscmi.bindings.phandles import phandle_entries
from xenscmi.bindings.properties import is_available, is_compatible
from xenscmi.devicetree.tree import Node, Property
from xenscmi.source import Span

OLD_MASTERS = "mmu-masters"
"""Property of an SMMU in the old binding: the list of the devices behind it."""


@dataclass(frozen=True, slots=True)
class Master:
    """A device that masters the bus behind IOMMUs: `reason` says why nothing protects it, None where one does.

    `span` is where the reason stands, or the device's `iommus`.
    """

    reason: str | None
    span: Span


def master(node: Node) -> Master | None:
    """Return what a device's `iommus` says; None for a device without.

    Xen stops at the first IOMMU that is disabled, and takes the device for one that needs none.
    """
    prop = node.get(IOMMUS)
    if prop is None:
        return None
    found = False
    try:
        for entry in phandle_entries(node, IOMMUS, IOMMU_CELLS):
            found, target = True, entry.target
            if not is_available(target):
                return Master(f"{target.path} is disabled", (target.get("status") or prop).span)
            if not is_compatible(target, *XEN_IOMMUS):
                return Master(f"Xen has no driver for {target.path}", (target.get("compatible") or prop).span)
    except BindingError as error:
        if not found:
            return Master(error.diagnostic.message, prop.span)
    return Master(None if found else f"{prop.name} is empty", prop.span)


def is_protected(node: Node) -> bool:
    """Return whether an IOMMU that Xen drives protects a device, by `iommus` or in the old binding."""
    found = master(node)
    if found is not None:
        return found.reason is None
    return any(
        _names(prop, node) for each in node.tree.walk() if (prop := each.get(OLD_MASTERS)) and is_available(each)
    )


def _names(masters: Property, node: Node) -> bool:
    own = node.get("phandle") or node.get("linux,phandle")
    return own is not None and own.value in (masters.value[at : at + 4] for at in range(0, len(masters.value), 4))
