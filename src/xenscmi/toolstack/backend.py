"""What a toolstack asks of a hypervisor: the domctls of xen/include/public/domctl.h that SCMI domains need.

The model in this room implements it, and a real Xen can. Every method raises XenError with the errno that Xen answers.
Frames are page numbers of 4 KiB pages.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass

from xenscmi.domctl.createdomain import CreateDomain

Registers = tuple[int, ...]
"""r0 to r7 of an SMC, or r0 to r3 of its result; 64 bits each."""


class XenError(Exception):
    """A refusal by Xen.

    `errno` is positive, numbered as in xen/include/public/errno.h, which for all that Xen uses is as in Linux.
    """

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno

    def __str__(self) -> str:
        return os.strerror(self.errno)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainInfo:
    """A domain as XEN_DOMCTL_getdomaininfo tells of it; `agent_id` is what the model adds: its channel's agent."""

    domid: int
    max_vcpus: int
    dying: bool
    agent_id: int | None


class Hypervisor(ABC):
    """A hypervisor, as a toolstack in dom0 sees it."""

    @abstractmethod
    def create(self, config: CreateDomain) -> int:
        """Make a domain and return its id (XEN_DOMCTL_createdomain)."""

    @abstractmethod
    def destroy(self, domid: int) -> None:
        """Destroy a domain (XEN_DOMCTL_destroydomain). ESRCH: there is none."""

    @abstractmethod
    def list(self) -> tuple[DomainInfo, ...]:
        """Return all domains, by rising id (XEN_SYSCTL_getdomaininfolist)."""

    @abstractmethod
    def get_info(self, domid: int) -> DomainInfo:
        """Return one domain (XEN_DOMCTL_getdomaininfo). ESRCH: there is none."""

    @abstractmethod
    def assign_device(self, domid: int, path: str) -> None:
        """Give a device of the host's device tree to a domain (XEN_DOMCTL_assign_device, XEN_DOMCTL_DEV_DT)."""

    @abstractmethod
    def deassign_device(self, domid: int, path: str) -> None:
        """Take a device from a domain (XEN_DOMCTL_deassign_device)."""

    @abstractmethod
    def permit_iomem(self, domid: int, frame: int, count: int, *, allow: bool) -> None:
        """Allow or forbid a domain to have host frames mapped (XEN_DOMCTL_iomem_permission). EPERM: not dom0's to
        give."""

    @abstractmethod
    def map_iomem(self, domid: int, guest_frame: int, frame: int, count: int, *, add: bool) -> None:
        """Map host frames for a domain, or unmap them (XEN_DOMCTL_memory_mapping). EPERM: not permitted."""

    @abstractmethod
    def smc(self, domid: int, registers: Registers) -> Registers:
        """Have a domain's vCPU make an SMC; return r0 to r3. What no real toolstack can do, and a model must."""
