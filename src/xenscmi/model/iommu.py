"""Which devices stand behind an IOMMU that Xen drives, and whose they are (xen/drivers/passthrough/device_tree.c)."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from xenscmi.bindings.errors import BindingError
from xenscmi.bindings.names import IOMMU_CELLS, IOMMUS, XEN_IOMMUS
from xenscmi.bindings.phandles import phandle_entries
from xenscmi.bindings.properties import find_by_path, is_available, is_compatible
from xenscmi.devicetree import Node, Tree
from xenscmi.toolstack.backend import XenError


class Iommus:
    """The devices behind IOMMUs by their paths, and the domain that has each."""

    def __init__(self) -> None:
        self._owners: dict[str, int] = {}

    def assign(self, domid: int, device: Node) -> None:
        """Give a device to a domain (iommu_assign_dt_device). EINVAL: nothing protects it. EBUSY: it is another's."""
        if not is_protected(device):
            raise XenError(errno.EINVAL)
        if self._owners.setdefault(device.path, domid) != domid:
            raise XenError(errno.EBUSY)

    def deassign(self, domid: int, device: Node) -> None:
        """Take a device back. EINVAL: nothing protects it, or it is another's."""
        if not is_protected(device) or self._owners.pop(device.path, domid) != domid:
            raise XenError(errno.EINVAL)

    def release(self, domid: int) -> None:
        """Take all devices back from a domain that goes."""
        self._owners = {path: owner for path, owner in self._owners.items() if owner != domid}

    def release_all(self) -> None:
        """Take all devices back: state was thrown away."""
        self._owners.clear()

    def hand_over(self, domid: int, tree: Tree, paths: Iterable[str]) -> None:
        """Give a domain the devices that it already had: state was restored."""
        for path in paths:
            device = find_by_path(tree, path)
            if device is not None and is_protected(device):
                self.assign(domid, device)


def is_protected(device: Node) -> bool:
    """Return whether Xen's IOMMU driver takes a device (iommu_add_dt_device): a disabled IOMMU ends the search."""
    found = False
    try:
        for entry in phandle_entries(device, IOMMUS, IOMMU_CELLS):
            if not is_available(entry.target) or not is_compatible(entry.target, *XEN_IOMMUS):
                return False
            found = True
    except BindingError:
        pass  # Xen goes by the entries before the one that it cannot read
    return found
