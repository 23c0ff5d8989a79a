"""What a toolstack asks of a hypervisor: no more than a real Xen can do.

The methods of `Backend` are domctls of xen/include/public/domctl.h, by their names, and what xenstore and the host's
device tree add to them. `model` and `hypercall` implement it; the toolstack does not know which of them it has. Frames
are numbers of 4 KiB pages: `mfn` is a frame of the machine, `gfn` one of the guest.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from xenscmi.config.capabilities import HostCapabilities
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.domctl.createdomain import CreateDomain
from xenscmi.domctl.profiles import Profile
from xenscmi.source import Span
from xenscmi.toolstack.spec import DomainSpec


class XenError(XenscmiError):
    """A refusal by Xen.

    `errno` is positive, with the numbers of xen/include/public/errno.h; for all that Xen uses, these are Linux's.
    `span` is the place in a device tree that Xen refuses, if that is known.
    """

    def __init__(self, errno: int) -> None:
        super().__init__(Diagnostic(message=os.strerror(errno)))
        self.errno = errno
        self.span: Span | None = None


class RunState(Enum):
    """What a domain is doing: the flags of XEN_DOMCTL_getdomaininfo; xl shows a letter for each."""

    RUNNING = "r"
    BLOCKED = "b"
    PAUSED = "p"
    SHUTDOWN = "s"
    CRASHED = "c"
    DYING = "d"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainInfo:
    """A domain as XEN_DOMCTL_getdomaininfo describes it: `memory` in KiB, `cpu_time` in nanoseconds."""

    domid: int
    vcpus: int
    memory: int
    states: frozenset[RunState]
    cpu_time: int = 0


class Owner(Enum):
    """Who has an agent's channel, if it is not a domain."""

    NOBODY = "nobody"
    XEN = "Xen"
    NOT_LISTED = "not listed"
    """Xen was not told of the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInfo:
    """An SCMI agent, as far as the hypervisor's side knows it.

    `owner` is the id of the domain that has its channel, or says who else has it. `func_id`, `page` (a physical
    address) and `trusted` (it may set permissions and use everything) are None if only the firmware knows. `devices`
    are the SCMI ids of the devices granted to it, `device_names` what the firmware's table calls those that it names,
    and `paths` their nodes in the host's device tree.
    """

    agent_id: int
    owner: int | Owner
    name: str = ""
    func_id: int | None = None
    page: int | None = None
    trusted: bool | None = None
    devices: tuple[int, ...] = ()
    device_names: Mapping[int, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()


class Inventory(ABC):
    """What there is on a host: all that `list` and `agents` need."""

    @abstractmethod
    def getdomaininfolist(self) -> tuple[DomainInfo, ...]:
        """Return all domains, by rising id (XEN_SYSCTL_getdomaininfolist)."""

    @abstractmethod
    def names(self) -> Mapping[int, str]:
        """Return the names of the domains that have one (xenstore: /local/domain/ID/name)."""

    @abstractmethod
    def configurations(self) -> Mapping[int, str]:
        """Return libxl's JSON of the known configurations, of domains that a toolstack created, by domain id."""

    @abstractmethod
    def agents(self) -> tuple[AgentInfo, ...]:
        """Return the SCMI agents, by rising id."""

    @abstractmethod
    def scmi_works(self) -> bool:
        """Return whether Xen's SCMI mediator serves domains; True if that cannot be known."""


class Backend(Inventory):
    """A hypervisor, as a toolstack in dom0 drives it.

    Methods named after a domctl raise XenError with the errno that Xen returns.
    """

    profile: Profile
    """The layout of createdomain that this Xen has."""

    @abstractmethod
    def capabilities(self) -> HostCapabilities:
        """Return what libxl asks about the host before it creates a domain."""

    @abstractmethod
    def device_paths(self) -> Collection[str]:
        """Return the paths of the nodes of the host's device tree; empty if it cannot be read."""

    @abstractmethod
    def log_mark(self) -> int:
        """Return where Xen's log ends now, so that `log` can start there later."""

    @abstractmethod
    def log(self, since: int = 0) -> Sequence[str]:
        """Return Xen's log since a mark, oldest line first, without the lines that it prints for every message.

        Older lines may be lost: Xen's ring has a limited size.
        """

    # Domains

    @abstractmethod
    def createdomain(self, config: CreateDomain) -> int:
        """Create an empty domain and return its id."""

    @abstractmethod
    def set_name(self, domid: int, name: str) -> None:
        """Write what xenstore keeps about a domain: its name, and what depends on it."""

    @abstractmethod
    def build(self, domid: int, spec: DomainSpec) -> None:
        """Give a domain its memory, kernel and device tree, ready to run (libxl__build_dom).

        Raises XenscmiError if the kernel or the device tree cannot be used.
        """

    @abstractmethod
    def unpausedomain(self, domid: int) -> None:
        """Start a domain's vCPUs."""

    @abstractmethod
    def pausedomain(self, domid: int) -> None:
        """Stop a domain's vCPUs."""

    @abstractmethod
    def destroydomain(self, domid: int) -> None:
        """Destroy a domain, and forget its name. ESRCH: there is no such domain."""

    # Devices and memory

    @abstractmethod
    def bind_pt_spi_irq(self, domid: int, irq: int) -> None:
        """Give a domain an interrupt, under the same number (XEN_DOMCTL_bind_pt_irq, PT_IRQ_TYPE_SPI).

        EPERM: dom0 may not give it away. EBUSY: another domain has it.
        """

    @abstractmethod
    def iomem_permission(self, domid: int, first_mfn: int, nr_mfns: int, *, allow: bool) -> None:
        """Allow or forbid a domain to have machine frames mapped. EPERM: dom0 may not give them away."""

    @abstractmethod
    def memory_mapping(self, domid: int, first_gfn: int, first_mfn: int, nr_mfns: int, *, add: bool) -> None:
        """Map machine frames for a domain, or unmap them. EPERM: not permitted."""

    @abstractmethod
    def assign_device(self, domid: int, path: str) -> None:
        """Give a device of the host's device tree to a domain (XEN_DOMCTL_DEV_DT)."""

    @abstractmethod
    def deassign_device(self, domid: int, path: str) -> None:
        """Take a device from a domain."""
