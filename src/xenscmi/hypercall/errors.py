"""What Xen's errnos mean, call by call.

Read in xen/common/domctl.c, xen/arch/arm/domctl.c and domain.c, and seen on Xen 4.17 and 4.20.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

from xenscmi.diagnostics import Diagnostic
from xenscmi.toolstack.backend import XenError

_MEANINGS: Mapping[tuple[str, int], str] = {
    (
        "createdomain",
        errno.EINVAL,
    ): "no Xen like this makes such a domain: vcpus, flags, gic_version, tee, sve, nr_spis",
    ("createdomain", errno.ENODEV): "the machine's GIC cannot serve a guest of this gic_version",
    ("createdomain", errno.ENOMEM): "Xen has no memory left for another domain",
    ("createdomain", errno.EEXIST): "the domain id, or the SCMI agent, is taken",
    ("createdomain", errno.ENOENT): "Xen's list of SCMI agents does not have this one",
    ("destroydomain", errno.EINVAL): "dom0 cannot be destroyed",
    ("destroydomain", errno.EBUSY): "the domain is being destroyed already",
    ("set_paging_mempool_size", errno.ENOMEM): "Xen has no memory left for the guest's page tables",
    ("max_vcpus", errno.EINVAL): "this is not what createdomain said of vcpus",
    ("populate_physmap", errno.ENOMEM): "Xen has not enough free memory",
    ("bind_pt_irq", errno.EBUSY): "another domain has the interrupt",
    ("bind_pt_irq", errno.EPERM): "the interrupt is not dom0's to give",
    ("bind_pt_irq", errno.EINVAL): "the machine, or the guest's nr_spis, has no such SPI",
    ("iomem_permission", errno.EPERM): "the frames are not dom0's to give",
    ("memory_mapping", errno.EPERM): "the domain, or dom0, may not have the frames",
    ("assign_device", errno.ENODEV): "Xen has no such device, or no IOMMU protects it",
    ("assign_device", errno.EOPNOTSUPP): "there is no IOMMU, and the SCMI mediator does not serve the device",
    ("vuart_op", errno.ENOSYS): "this Xen is built without vpl011",
    ("vuart_op", errno.EOPNOTSUPP): "this Xen is built without vpl011",
}
_ANYWHERE: Mapping[int, str] = {
    errno.ESRCH: "there is no such domain, or no such device",
    errno.EACCES: "Xen's interface has another version",
    errno.EFAULT: "Xen could not read or write the buffer",
    errno.ENOSYS: "this Xen does not have the call",
    errno.EPERM: "dom0 may not do this",
}


class HypercallError(XenError):
    """A refusal by the real Xen: `call` names what was asked, the diagnostic's help says what the errno means there."""

    def __init__(self, errno: int, call: str) -> None:
        super().__init__(errno)
        self.call = call
        meaning = _MEANINGS.get((call, errno)) or _ANYWHERE.get(errno, "")
        self.diagnostics = (Diagnostic(message=os.strerror(errno), help=f"{call}: {meaning}" if meaning else ""),)
