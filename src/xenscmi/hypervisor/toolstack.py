"""Making a domain the way libxl does: create, then iomem, then devices; whatever fails undoes everything before it.

After tools/libs/light/libxl_create.c (libxl__domain_make, domcreate_launch_dm, libxl__add_dtdevs), its words included.
"""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.hypervisor.errors import XenError
from xenscmi.hypervisor.interface import Hypervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class IomemRange:
    """Host frames to be mapped for a domain: `iomem = [ "START,COUNT@GUEST" ]`, in frames of 4 KiB."""

    start: int
    count: int
    guest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPlan:
    """What a domain is to be made of, in the order in which libxl asks for it."""

    config: CreateDomain
    iomem: tuple[IomemRange, ...] = ()
    dtdevs: tuple[str, ...] = ()


class CreationError(Exception):
    """A step of a domain's creation failed; nothing of the domain is left.

    `step` names the step as libxl does, `message` is libxl's line, `errno` is Xen's. `domid` is None where the domain
    could not even be made.
    """

    def __init__(self, step: str, message: str, error: XenError, domid: int | None = None) -> None:
        super().__init__(step, message, error, domid)
        self.step = step
        self.message = message
        self.errno = error.errno
        self.domid = domid

    def __str__(self) -> str:
        return self.message


def create_domain(xen: Hypervisor, plan: DomainPlan) -> int:
    """Make a domain and return its id. Raises CreationError."""
    try:
        domid = xen.create(plan.config)
    except XenError as error:
        raise CreationError("createdomain", f"domain creation fail: {error}", error) from None
    try:
        for stretch in plan.iomem:
            _give_iomem(xen, domid, stretch)
        for path in plan.dtdevs:
            _give_device(xen, domid, path)
    except CreationError:
        xen.destroy(domid)
        raise
    return domid


def _give_iomem(xen: Hypervisor, domid: int, stretch: IomemRange) -> None:
    frames = f"{stretch.start:x}-{stretch.start + stretch.count - 1:x}"
    try:
        xen.permit_iomem(domid, stretch.start, stretch.count, allow=True)
    except XenError as error:
        message = f"Domain {domid}:failed give domain access to iomem range {frames}: {error}"
        raise CreationError("iomem_permission", message, error, domid) from None
    try:
        xen.map_iomem(domid, stretch.guest, stretch.start, stretch.count, add=True)
    except XenError as error:
        message = (
            f"Domain {domid}:failed to map to domain iomem range {frames} to guest address {stretch.guest:x}: {error}"
        )
        raise CreationError("memory_mapping", message, error, domid) from None


def _give_device(xen: Hypervisor, domid: int, path: str) -> None:
    try:
        xen.assign_device(domid, path)
    except XenError as error:
        message = f"Domain {domid}:xc_assign_dtdevice failed: {-error.errno}"
        raise CreationError("assign_device", message, error, domid) from None
