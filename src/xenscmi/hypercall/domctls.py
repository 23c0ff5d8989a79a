"""The domctls and sysctls that a toolstack on Arm needs, by their names in Xen's headers.

Their structures (xen/include/public/domctl.h, sysctl.h) are the same from Xen 4.17 to 4.22, but for createdomain, whose
layouts are `domctl`'s profiles. Frames are numbers of 4 KiB pages.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from xenscmi.domctl.profiles import CREATEDOMAIN_CMD, DOMCTL_HEADER_SIZE, DOMCTL_UNION_SIZE
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.libraries import Hypercalls

DOMID_FIRST_RESERVED = 0x7FF0
_DOMID_ANY = 0x7FF5

_HYPERVISOR_XEN_VERSION, _HYPERVISOR_SYSCTL, _HYPERVISOR_DOMCTL = 17, 35, 36
_HEADER = struct.Struct("<IIH6x")
_SYSCTL_HEADER = struct.Struct("<II")
_SYSCTL_SIZE = 8 + 128
_DEV_DT, _PT_IRQ_TYPE_SPI, _VUART_TYPE_VPL011 = 1, 4, 0
# Xen refuses to flush more at once (1 << MAX_ORDER pages, xen/arch/arm/domctl.c).
_MOST_FLUSHED_PAGES = 1 << 9

# XEN_DOMCTL_*
_DESTROYDOMAIN, _PAUSEDOMAIN, _UNPAUSEDOMAIN, _GETDOMAININFO = 2, 3, 4, 5
_MAX_MEM, _SETVCPUCONTEXT, _MAX_VCPUS, _IOMEM_PERMISSION = 11, 12, 15, 20
_SET_ADDRESS_SIZE, _ASSIGN_DEVICE, _BIND_PT_IRQ, _MEMORY_MAPPING, _DEASSIGN_DEVICE = 35, 37, 38, 39, 47
_CACHEFLUSH, _VUART_OP, _SET_PAGING_MEMPOOL_SIZE = 71, 81, 86
# XEN_SYSCTL_*
_READCONSOLE, _PHYSINFO, _GETDOMAININFOLIST, _CPUTOPOINFO = 1, 3, 6, 16

# The fields of DomainRecord and PhysInfo, in order; x is what is not used.
_DOMAININFO = struct.Struct("<H2xI3Q24xQII4x16sIB7x")
# It ends with struct xen_arch_domainconfig, which Xen does not fill in on Arm; whether that has 12 bytes or 16, the
# whole has 120.
_DOMAININFO_SIZE = 120
_PHYSINFO_FIELDS = struct.Struct("<8x3I8x2I4x2Q")
_CPU_LIMIT = 4096
_LIST_CHUNK = 64


@dataclass(frozen=True, slots=True)
class DomainRecord:
    """struct xen_domctl_getdomaininfo, as far as it is used: pages of 4 KiB, nanoseconds, bits."""

    domid: int
    flags: int
    tot_pages: int
    max_pages: int
    outstanding_pages: int
    cpu_time: int
    nr_online_vcpus: int
    max_vcpu_id: int
    handle: bytes
    cpupool: int
    gpaddr_bits: int


@dataclass(frozen=True, slots=True)
class PhysInfo:
    """struct xen_sysctl_physinfo, as far as it is used: pages of 4 KiB; the capabilities are XEN_SYSCTL_PHYSCAP_*."""

    nr_cpus: int
    max_cpu_id: int
    nr_nodes: int
    capabilities: int
    arch_capabilities: int
    total_pages: int
    free_pages: int


class Domctls:
    """The calls; `domctl_version` and `sysctl_version` are the interface versions that this Xen accepts.

    Each raises HypercallError with Xen's errno.
    """

    def __init__(self, hypercalls: Hypercalls, domctl_version: int, sysctl_version: int, xen_version: tuple[int, int]):
        self._hypercalls = hypercalls
        self.domctl_version = domctl_version
        self.sysctl_version = sysctl_version
        self.xen_version = xen_version

    # Domains

    def createdomain(self, config: bytes) -> tuple[int, bytes]:
        """Make an empty domain; return its id, which Xen chooses, and the configuration as Xen wrote it back."""
        # From interface 0x18 on, 0 is the id of dom0 like any other (commit 23e2479ff9).
        choose = _DOMID_ANY if self.domctl_version >= 0x18 else 0
        domid, answer = self._domctl("createdomain", CREATEDOMAIN_CMD, choose, config)
        return domid, answer[: len(config)]

    def destroydomain(self, domid: int) -> None:
        self._domctl("destroydomain", _DESTROYDOMAIN, domid)

    def pausedomain(self, domid: int) -> None:
        self._domctl("pausedomain", _PAUSEDOMAIN, domid)

    def unpausedomain(self, domid: int) -> None:
        self._domctl("unpausedomain", _UNPAUSEDOMAIN, domid)

    def getdomaininfo(self, domid: int) -> DomainRecord:
        """Return what Xen tells of a domain. ESRCH: there is none."""
        found, answer = self._domctl("getdomaininfo", _GETDOMAININFO, domid)
        if found != domid:  # an older Xen answers with the next domain
            raise HypercallError(errno.ESRCH, "getdomaininfo")
        return DomainRecord(*_DOMAININFO.unpack_from(answer))

    def getdomaininfolist(self) -> list[DomainRecord]:
        """Return all domains, by rising id."""
        records: list[DomainRecord] = []
        first = 0
        while True:
            chunk = self._domains_from(first)
            records += chunk
            if len(chunk) < _LIST_CHUNK or chunk[-1].domid + 1 >= DOMID_FIRST_RESERVED:
                return records
            first = chunk[-1].domid + 1

    def _domains_from(self, first: int) -> list[DomainRecord]:
        with self._hypercalls.buffer(bytes(_LIST_CHUNK * _DOMAININFO_SIZE)) as rows:
            answer = self._sysctl(
                "getdomaininfolist", _GETDOMAININFOLIST, struct.pack("<HxxIQ", first, _LIST_CHUNK, rows.address)
            )
            (count,) = struct.unpack_from("<I", answer, 16)
            data = rows.read()
        return [DomainRecord(*_DOMAININFO.unpack_from(data, at * _DOMAININFO_SIZE)) for at in range(count)]

    # Memory and vCPUs

    def max_mem(self, domid: int, max_memkb: int) -> None:
        self._domctl("max_mem", _MAX_MEM, domid, struct.pack("<Q", max_memkb))

    def max_vcpus(self, domid: int, count: int) -> None:
        """Allocate the vCPUs; before set_address_size, or Xen itself panics."""
        self._domctl("max_vcpus", _MAX_VCPUS, domid, struct.pack("<I", count))

    def set_address_size(self, domid: int, bits: int) -> None:
        """Make it a guest of 32 or 64 bits."""
        self._domctl("set_address_size", _SET_ADDRESS_SIZE, domid, struct.pack("<I", bits))

    def set_paging_mempool_size(self, domid: int, size: int) -> None:
        """Give Xen this many bytes for the guest's page tables."""
        self._domctl("set_paging_mempool_size", _SET_PAGING_MEMPOOL_SIZE, domid, struct.pack("<Q", size))

    def setvcpucontext(self, domid: int, vcpu: int, context: bytes) -> None:
        """Set a vCPU's registers: struct vcpu_guest_context."""
        with self._hypercalls.buffer(context) as buffer:
            self._domctl("setvcpucontext", _SETVCPUCONTEXT, domid, struct.pack("<I4xQ", vcpu, buffer.address))

    def cacheflush(self, domid: int, first_gfn: int, count: int) -> None:
        """Make the guest see what was written to its pages, whether its caches are on or not."""
        for start in range(first_gfn, first_gfn + count, _MOST_FLUSHED_PAGES):
            pages = min(_MOST_FLUSHED_PAGES, first_gfn + count - start)
            self._domctl("cacheflush", _CACHEFLUSH, domid, struct.pack("<QQ", start, pages))

    def vuart_op(self, domid: int, gfn: int, console_domid: int) -> int:
        """Start the emulated vpl011 with its ring in this frame; return the event channel's port."""
        request = struct.pack("<IIQHxxI", 0, _VUART_TYPE_VPL011, gfn, console_domid, 0)
        _, answer = self._domctl("vuart_op", _VUART_OP, domid, request)
        port: int = struct.unpack_from("<I", answer, 20)[0]
        return port

    # Devices

    def bind_pt_irq(self, domid: int, irq: int) -> None:
        """Give a domain an SPI of the machine under the same number (PT_IRQ_TYPE_SPI)."""
        self._domctl("bind_pt_irq", _BIND_PT_IRQ, domid, struct.pack("<IIH", irq, _PT_IRQ_TYPE_SPI, irq))

    def iomem_permission(self, domid: int, first_mfn: int, nr_mfns: int, *, allow: bool) -> None:
        self._domctl("iomem_permission", _IOMEM_PERMISSION, domid, struct.pack("<QQB", first_mfn, nr_mfns, allow))

    def memory_mapping(self, domid: int, first_gfn: int, first_mfn: int, nr_mfns: int, *, add: bool) -> None:
        request = struct.pack("<QQQI4x", first_gfn, first_mfn, nr_mfns, add)
        self._domctl("memory_mapping", _MEMORY_MAPPING, domid, request)

    def assign_device(self, domid: int, path: str) -> None:
        self._device("assign_device", _ASSIGN_DEVICE, domid, path)

    def deassign_device(self, domid: int, path: str) -> None:
        self._device("deassign_device", _DEASSIGN_DEVICE, domid, path)

    def _device(self, name: str, cmd: int, domid: int, path: str) -> None:
        text = path.encode() + b"\0"
        # From 4.23 on the size counts the NUL (commit 508209c473).
        size = len(text) if self.xen_version >= (4, 23) else len(text) - 1
        with self._hypercalls.buffer(text) as buffer:
            self._domctl(name, cmd, domid, struct.pack("<III4xQ", _DEV_DT, 0, size, buffer.address))

    # The host

    def physinfo(self) -> PhysInfo:
        return PhysInfo(*_PHYSINFO_FIELDS.unpack_from(self._sysctl("physinfo", _PHYSINFO)))

    def cpu_nodes(self) -> list[int]:
        """Return the NUMA node of each CPU, -1 (as 32 bits) for one that is not there (XEN_SYSCTL_cputopoinfo)."""
        count = min(self.physinfo().max_cpu_id + 1, _CPU_LIMIT)
        with self._hypercalls.buffer(b"\xff" * (12 * count)) as rows:
            self._sysctl("cputopoinfo", _CPUTOPOINFO, struct.pack("<I4xQ", count, rows.address))
            return [node for _, _, node in struct.iter_unpack("<III", rows.read())]

    def readconsole(self, index: int, size: int) -> tuple[int, bytes]:
        """Return where Xen's log ends now, and up to `size` of its bytes from `index` on, or from where it begins."""
        with self._hypercalls.buffer(bytes(size)) as text:
            request = struct.pack("<BBBBIQI", 0, 1, 0, 0, index, text.address, size)
            answer = self._sysctl("readconsole", _READCONSOLE, request)
            end, _, count = struct.unpack_from("<IQI", answer, 4)
            return end, text.read(count)

    def _domctl(self, name: str, cmd: int, domid: int, request: bytes = b"") -> tuple[int, bytes]:
        """Make a domctl; return the domain and the union as Xen wrote them back."""
        header = _HEADER.pack(cmd, self.domctl_version, domid)
        with self._hypercalls.buffer(header + request.ljust(DOMCTL_UNION_SIZE, b"\0")) as buffer:
            self._hypercalls.call(name, _HYPERVISOR_DOMCTL, buffer.address)
            answer = buffer.read()
        return _HEADER.unpack_from(answer)[2], answer[DOMCTL_HEADER_SIZE:]

    def _sysctl(self, name: str, cmd: int, request: bytes = b"") -> bytes:
        """Make a sysctl; return the union as Xen wrote it back."""
        header = _SYSCTL_HEADER.pack(cmd, self.sysctl_version)
        with self._hypercalls.buffer((header + request).ljust(_SYSCTL_SIZE, b"\0")) as buffer:
            self._hypercalls.call(name, _HYPERVISOR_SYSCTL, buffer.address)
            return buffer.read()[_SYSCTL_HEADER.size :]


def xen_version(hypercalls: Hypercalls) -> tuple[int, int]:
    """Return Xen's major and minor version (XENVER_version)."""
    version = hypercalls.call("xen_version", _HYPERVISOR_XEN_VERSION, 0)
    return version >> 16, version & 0xFFFF
