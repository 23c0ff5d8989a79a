"""Building an Arm guest in an empty domain, in libxl's steps (libxl__build_pre, libxl__build_dom, libxl__build_post).

The caller has made the domain (createdomain), and destroys it if a step fails. What is mapped here is unmapped in any
case; nothing else outlives a destroyed domain but what `xenstore_entries` removes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.enums import TeeType, VuartType
from xenscmi.devicetree import Tree, read_dtb, write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.hypercall import guest_calls
from xenscmi.hypercall import guest_layout as layout
from xenscmi.hypercall.domctls import Domctls
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.guest_tree import GuestHardware, extended_regions, make_guest_tree
from xenscmi.hypercall.kernel_image import KernelImage, read_kernel
from xenscmi.hypercall.libraries import PAGE_SIZE, ForeignMemory, Hypercalls
from xenscmi.hypercall.vcpu_context import first_vcpu_context
from xenscmi.toolstack.spec import DomainSpec

# What libxl lets a domain have above its memory, for pages such as the magic ones (LIBXL_MAXMEM_CONSTANT, KiB).
_MAXMEM_CONSTANT = 1024
# Sizes of what Xen hands out: 1 GiB, 2 MiB, 4 KiB; as many at once.
_ORDERS = (18, 9, 0)
_EXTENTS_AT_ONCE = 1 << 15
_PAGES_AT_ONCE = 1024
# HVM_PARAM_CALLBACK_TYPE_PPI, active low and level-sensitive, for event channels.
_CALLBACK = 2 << 56 | 2 << 8 | layout.EVTCHN_PPI
_GRANT_ENTRY = struct.Struct("<HHI")
_PERMIT_ACCESS, _GRANT_CONSOLE, _GRANT_XENSTORE = 1, 0, 1
_CONNECTION_OFFSET, _DISCONNECTED = 3088, 1
_SEED_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltGuest:
    """What is to be written to xenstore of a guest: its event channels; `vuart_port` is None without a vpl011."""

    store_port: int
    console_port: int
    vuart_port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFiles:
    """What a configuration names, read and checked before Xen is asked for anything."""

    kernel: KernelImage
    ramdisk: bytes
    partial: Tree | None


def read_guest_files(spec: DomainSpec) -> GuestFiles:
    """Return a domain's kernel, ramdisk and partial device tree. Raises XenscmiError if one cannot be used."""
    info = spec.config.b_info
    if info.kernel is None:
        message = "no kernel: this toolstack starts nothing but a kernel of its own file"
        raise XenscmiError(Diagnostic(message=message, help='write kernel = "FILE", an arm64 Image'))
    most = info.max_memkb * 1024
    with _at(spec, "kernel"):
        kernel = read_kernel(_read(info.kernel, most), info.kernel)
    with _at(spec, "ramdisk"):
        ramdisk = _read(info.ramdisk, most) if info.ramdisk else b""
    with _at(spec, "device_tree"):
        partial = read_dtb(_read(info.device_tree, most), info.device_tree) if info.device_tree else None
    return GuestFiles(kernel=kernel, ramdisk=ramdisk, partial=partial)


@contextmanager
def _at(spec: DomainSpec, key: str) -> Iterator[None]:
    """Give errors about a file the place where the configuration names it."""
    try:
        yield
    except XenscmiError as error:
        place = spec.place(f"b_info.{key}")
        raise XenscmiError(*(each.replace(span=place) for each in error.diagnostics)) from None


def _read(name: str, most: int) -> bytes:
    path = Path(name)
    try:
        if not path.is_file():
            reason = "it is not a file" if path.exists() else os.strerror(2)
        elif path.stat().st_size > most:
            reason = f"its {path.stat().st_size} bytes do not fit into the domain's memory ({most >> 20} MiB)"
        else:
            return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
    raise XenscmiError(Diagnostic(message=f"{name} cannot be loaded: {reason}", help="the path is seen from dom0"))


class GuestBuilder:
    """Builds one guest; `gic_version` (2 or 3) and `clock_frequency` (Hz) are what Xen wrote back at createdomain."""

    def __init__(
        self,
        hypercalls: Hypercalls,
        domctls: Domctls,
        memory: ForeignMemory,
        config: DomainConfig,
        domid: int,
        *,
        gic_version: int,
        clock_frequency: int,
    ) -> None:
        self.hypercalls = hypercalls
        self.domctls = domctls
        self.memory = memory
        self.config = config
        self.info = config.b_info
        self.domid = domid
        self.gic_version = gic_version
        self.clock_frequency = clock_frequency

    def build(self, files: GuestFiles, store_domid: int, console_domid: int) -> BuiltGuest:
        """Give the domain vCPUs, memory, kernel and device tree; it then waits to be unpaused.

        Raises HypercallError if Xen refuses, XenscmiError if it does not all fit.
        """
        domid, size = self.domid, self.info.max_memkb // 1024 * layout.MIB
        layout.ram_banks(size)
        self.domctls.max_vcpus(domid, self.info.max_vcpus)
        self.domctls.max_mem(domid, self.info.target_memkb + _MAXMEM_CONSTANT)
        store_port = guest_calls.alloc_unbound(self.hypercalls, domid, store_domid)
        console_port = guest_calls.alloc_unbound(self.hypercalls, domid, console_domid)
        self.domctls.set_paging_mempool_size(domid, self.info.shadow_memkb * 1024)
        self._parameter(guest_calls.CALLBACK_IRQ, _CALLBACK)
        self.domctls.set_address_size(domid, files.kernel.bits)
        placement, device_tree = self._place(files, size)
        for base, bank_size in placement.banks:
            self._populate(base >> layout.PAGE_SHIFT, bank_size >> layout.PAGE_SHIFT)
        self._load(placement.kernel, files.kernel.data)
        if placement.ramdisk is not None:
            self._load(placement.ramdisk, files.ramdisk)
        self._load(placement.device_tree, device_tree)
        self._magic_pages(store_port, console_port)
        context = first_vcpu_context(files.kernel.bits, files.kernel.entry, placement.device_tree)
        self.domctls.setvcpucontext(domid, 0, context)
        self._grants(store_domid, console_domid)
        vuart_port = None
        if self.info.arch_arm.vuart is VuartType.SBSA_UART:
            vuart_port = self.domctls.vuart_op(domid, layout.VUART_GFN, console_domid)
        return BuiltGuest(store_port=store_port, console_port=console_port, vuart_port=vuart_port)

    def _place(self, files: GuestFiles, size: int) -> tuple[layout.Placement, bytes]:
        """Return where everything goes, and the device tree, whose size does not depend on where the ramdisk is."""
        info = self.domctls.getdomaininfo(self.domid)
        regions = extended_regions(layout.ram_banks(size), self.info.iomem, info.gpaddr_bits)
        ramdisk = (0, 0) if files.ramdisk else None
        seed = os.urandom(_SEED_BYTES)

        def tree(ramdisk: tuple[int, int] | None) -> bytes:
            hardware = self._hardware(files.kernel.bits, layout.ram_banks(size), regions, ramdisk, seed)
            return write_dtb(make_guest_tree(hardware, files.partial))

        kernel = files.kernel
        placement = layout.place(size, kernel.address, len(kernel.data), len(files.ramdisk), len(tree(ramdisk)))
        if placement.ramdisk is not None:
            ramdisk = placement.ramdisk, placement.ramdisk + layout.pages_size(len(files.ramdisk))
        return placement, tree(ramdisk)

    def _hardware(
        self,
        bits: int,
        banks: Sequence[tuple[int, int]],
        regions: Sequence[tuple[int, int]],
        ramdisk: tuple[int, int] | None,
        seed: bytes,
    ) -> GuestHardware:
        info = self.info
        return GuestHardware(
            xen_version=self.domctls.xen_version,
            bits=bits,
            vcpus=info.max_vcpus,
            gic_version=self.gic_version,
            clock_frequency=self.clock_frequency,
            command_line=info.cmdline,
            ramdisk=ramdisk,
            seed=seed,
            banks=banks,
            regions=regions,
            vpl011=info.arch_arm.vuart is VuartType.SBSA_UART,
            optee=info.tee is TeeType.OPTEE,
        )

    # Memory

    def _populate(self, first: int, count: int) -> None:
        """Have Xen give the guest memory at these frames, in extents as large as possible."""
        done = 0
        while done < count:
            for order in _ORDERS:
                given = self._populate_order(first + done, count - done, order)
                if given:
                    done += given
                    break
            else:
                raise HypercallError(12, "populate_physmap")

    def _populate_order(self, first: int, count: int, order: int) -> int:
        """Give memory in extents of this order; return how many of the pages from `first` on have it now."""
        if first & ((1 << order) - 1):
            return 0
        # Up to where the next larger extent could begin, if that lies within.
        larger = next((each for each in reversed(_ORDERS) if each > order), None)
        if larger is not None and first & ((1 << larger) - 1):
            boundary = (first >> larger) + 1 << larger
            count = min(count, boundary - first)
        extents = min(count >> order, _EXTENTS_AT_ONCE)
        if not extents:
            return 0
        frames = range(first, first + (extents << order), 1 << order)
        return guest_calls.populate_physmap(self.hypercalls, self.domid, frames, order) << order

    def _load(self, address: int, data: bytes) -> None:
        """Write data to the guest's memory from a page's address on, the last page filled up with zeroes."""
        first = address >> layout.PAGE_SHIFT
        offset = address & (PAGE_SIZE - 1)
        total = (offset + len(data) + PAGE_SIZE - 1) // PAGE_SIZE
        view = memoryview(data)
        for at in range(0, total, _PAGES_AT_ONCE):
            pages = min(_PAGES_AT_ONCE, total - at)
            start = offset if at == 0 else 0
            piece, view = view[: pages * PAGE_SIZE - start], view[pages * PAGE_SIZE - start :]
            with self.memory.pages(self.domid, range(first + at, first + at + pages)) as mapped:
                mapped[start : start + len(piece)] = piece
                mapped[start + len(piece) :] = bytes(len(mapped) - start - len(piece))
            self.domctls.cacheflush(self.domid, first + at, pages)

    def _magic_pages(self, store_port: int, console_port: int) -> None:
        """Give the guest the pages that it shares with the toolstack, and tell it where they are."""
        frames = (layout.CONSOLE_GFN, layout.XENSTORE_GFN, layout.MEMACCESS_GFN, layout.VUART_GFN)
        if guest_calls.populate_physmap(self.hypercalls, self.domid, frames, 0) != len(frames):
            raise HypercallError(12, "populate_physmap")
        with self.memory.pages(self.domid, frames) as pages:
            pages[:] = bytes(len(pages))
            if self.domctls.xen_version >= (4, 21):  # an older xenconsoled would never say that it is there
                pages[_CONNECTION_OFFSET] = _DISCONNECTED
        self.domctls.cacheflush(self.domid, frames[0], len(frames))
        self._parameter(guest_calls.CONSOLE_PFN, layout.CONSOLE_GFN)
        self._parameter(guest_calls.STORE_PFN, layout.XENSTORE_GFN)
        self._parameter(guest_calls.MONITOR_RING_PFN, layout.MEMACCESS_GFN)
        self._parameter(guest_calls.CONSOLE_EVTCHN, console_port)
        self._parameter(guest_calls.STORE_EVTCHN, store_port)

    def _parameter(self, index: int, value: int) -> None:
        guest_calls.set_hvm_param(self.hypercalls, self.domid, index, value)

    def _grants(self, store_domid: int, console_domid: int) -> None:
        """Let those who serve xenstore and the console map their rings by grant."""
        with self.memory.grant_table(self.domid) as table:
            for index, domid, frame in (
                (_GRANT_CONSOLE, console_domid, layout.CONSOLE_GFN),
                (_GRANT_XENSTORE, store_domid, layout.XENSTORE_GFN),
            ):
                _GRANT_ENTRY.pack_into(table, index * _GRANT_ENTRY.size, _PERMIT_ACCESS, domid, frame)
