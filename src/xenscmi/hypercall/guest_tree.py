"""The device tree of an Arm guest, as libxl makes it (tools/libs/light/libxl_arm.c): nodes, names and order are its.

Of the partial tree, `/passthrough` and `/aliases` are copied, as they stand; the rest is dropped. Virtio devices are
not described: nothing would answer there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from xenscmi.config.types.build import IomemRange
from xenscmi.devicetree import Builder, DeviceTreeError, Node, Tree
from xenscmi.diagnostics import Diagnostic
from xenscmi.hypercall import guest_layout as layout
from xenscmi.source import Source

_PHANDLE_GIC = 65000
_LEVEL_LOW, _LEVEL_HIGH = 8, 4
_ALL_CPUS = 0xF << 8
_FIRST_SPI, _FIRST_PPI = 32, 16
_PSCI_CPU_OFF, _PSCI_CPU_ON = 1, 2
_BAUD = 115200
_SMALLEST_REGION = 64 * layout.MIB
_MOST_REGIONS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestHardware:
    """What a guest's device tree describes.

    `bits` is 32 or 64, `gic_version` 2 or 3; `clock_frequency` (Hz) is 0 if the timer reports it; `ramdisk` is
    its address and the one behind its last page; `banks` are the RAM (address, size), `regions` the extended regions;
    `seed` is random.
    """

    xen_version: tuple[int, int]
    bits: int
    vcpus: int
    gic_version: int
    clock_frequency: int
    command_line: str | None
    ramdisk: tuple[int, int] | None
    seed: bytes
    banks: Sequence[tuple[int, int]]
    regions: Sequence[tuple[int, int]]
    vpl011: bool
    optee: bool


def make_guest_tree(hardware: GuestHardware, partial: Tree | None = None) -> Tree:
    """Return the device tree of a guest.

    Raises DeviceTreeError if the partial tree has no /passthrough, or its /passthrough takes a phandle or a name
    that is libxl's.
    """
    writer = _Writer(hardware)
    writer.root()
    writer.chosen()
    writer.cpus()
    writer.psci()
    writer.memory()
    writer.interrupt_controller()
    writer.timer()
    writer.hypervisor()
    if hardware.vpl011:
        writer.uart()
    if hardware.optee:
        writer.optee()
    if partial is not None:
        writer.copy_partial(partial)
    return writer.builder.finish()


def extended_regions(
    banks: Sequence[tuple[int, int]], iomem: Sequence[IomemRange], gpaddr_bits: int
) -> tuple[tuple[int, int], ...]:
    """Return the stretches (address, size) of the RAM banks in which nothing is, 64 MiB at least each.

    Linux maps foreign pages there. As libxl's finalize_hypervisor_node; `gpaddr_bits` is getdomaininfo's.
    """
    regions: list[tuple[int, int]] = []
    used = dict(banks)
    taken = sorted((each.gfn << layout.PAGE_SHIFT, (each.gfn + each.number) << layout.PAGE_SHIFT) for each in iomem)
    for base, size in layout.RAM_BANKS:
        ram_end = base + used.get(base, 0)
        start = (ram_end + 2 * layout.MIB - 1) // (2 * layout.MIB) * (2 * layout.MIB)
        end = min(1 << gpaddr_bits, base + size)
        if end - start < _SMALLEST_REGION:
            continue
        for taken_start, taken_end in taken:
            if taken_end > start and taken_start < end:
                regions.append((start, taken_start - start))
                start = taken_end
        regions.append((start, end - start))
    return tuple(region for region in regions if region[1] >= _SMALLEST_REGION)[:_MOST_REGIONS]


class _Writer:
    """Writes the nodes one behind the other."""

    def __init__(self, hardware: GuestHardware) -> None:
        self.hardware = hardware
        self.builder = Builder(Source("guest device tree", ""))

    def root(self) -> None:
        version = "{}.{}".format(*self.hardware.xen_version)
        self.strings("model", f"XENVM-{version}")
        self.strings("compatible", f"xen,xenvm-{version}", "xen,xenvm")
        self.cells("interrupt-parent", _PHANDLE_GIC)
        self.cells("#address-cells", 2)
        self.cells("#size-cells", 2)

    def chosen(self) -> None:
        self.builder.begin("chosen")
        if self.hardware.command_line is not None:
            self.strings("bootargs", self.hardware.command_line)
        if self.hardware.ramdisk is not None:
            for name, address in zip(("linux,initrd-start", "linux,initrd-end"), self.hardware.ramdisk, strict=True):
                self.builder.add(name, struct.pack(">Q", address))
        self.builder.add("rng-seed", self.hardware.seed)
        self.builder.end()

    def cpus(self) -> None:
        self.builder.begin("cpus")
        self.cells("#address-cells", 1)
        self.cells("#size-cells", 0)
        for number in range(self.hardware.vcpus):
            affinity = number & 0xF | (number >> 4) << 8
            self.builder.begin(f"cpu@{affinity:x}")
            self.strings("device_type", "cpu")
            self.strings("compatible", "arm,armv8" if self.hardware.bits == 64 else "arm,cortex-a15")
            self.strings("enable-method", "psci")
            self.cells("reg", affinity)
            self.builder.end()
        self.builder.end()

    def psci(self) -> None:
        self.builder.begin("psci")
        self.strings("compatible", "arm,psci-1.0", "arm,psci-0.2", "arm,psci")
        self.strings("method", "hvc")
        self.cells("cpu_off", _PSCI_CPU_OFF)
        self.cells("cpu_on", _PSCI_CPU_ON)
        self.builder.end()

    def memory(self) -> None:
        for base, size in self.hardware.banks:
            self.builder.begin(f"memory@{base:x}")
            self.strings("device_type", "memory")
            self.reg((base, size))
            self.builder.end()

    def interrupt_controller(self) -> None:
        if self.hardware.gic_version == 3:
            compatible: tuple[str, ...] = ("arm,gic-v3",)
            regions = (layout.GICV3_DISTRIBUTOR, layout.GICV3_REDISTRIBUTORS)
        else:
            compatible = ("arm,cortex-a15-gic", "arm,cortex-a9-gic")
            regions = (layout.GICV2_DISTRIBUTOR, layout.GICV2_CPU_INTERFACE)
        self.builder.begin(f"interrupt-controller@{regions[0][0]:x}")
        self.strings("compatible", *compatible)
        self.cells("#interrupt-cells", 3)
        self.cells("#address-cells", 0)
        self.builder.add("interrupt-controller", b"")
        self.reg(*regions)
        self.cells("linux,phandle", _PHANDLE_GIC)
        self.cells("phandle", _PHANDLE_GIC)
        self.builder.end()

    def timer(self) -> None:
        self.builder.begin("timer")
        self.strings("compatible", "arm,armv8-timer" if self.hardware.bits == 64 else "arm,armv7-timer")
        ppis = (layout.TIMER_SECURE_PPI, layout.TIMER_NON_SECURE_PPI, layout.TIMER_VIRTUAL_PPI)
        self.interrupts(*((ppi, _LEVEL_LOW) for ppi in ppis))
        if self.hardware.clock_frequency:
            self.cells("clock-frequency", self.hardware.clock_frequency)
        self.builder.end()

    def hypervisor(self) -> None:
        self.builder.begin("hypervisor")
        self.strings("compatible", "xen,xen-{}.{}".format(*self.hardware.xen_version), "xen,xen")
        self.reg(layout.GRANT_TABLE, *self.hardware.regions)
        self.interrupts((layout.EVTCHN_PPI, _LEVEL_LOW))
        self.builder.end()

    def uart(self) -> None:
        self.builder.begin("sbsa-pl011")
        self.strings("compatible", "arm,sbsa-uart")
        self.reg(layout.VPL011)
        self.interrupts((layout.VPL011_SPI, _LEVEL_HIGH))
        self.cells("current-speed", _BAUD)
        self.builder.end()

    def optee(self) -> None:
        self.builder.begin("firmware")
        self.builder.begin("optee")
        self.strings("compatible", "linaro,optee-tz")
        self.strings("method", "hvc")
        self.builder.end()
        self.builder.end()

    def copy_partial(self, partial: Tree) -> None:
        passthrough = partial.node("/passthrough")
        if passthrough is None:
            message = f'{partial.source.name}: Can\'t copy the node "/passthrough" from the partial FDT'
            help_text = "put the guest's devices into a node /passthrough: nothing else of it, but /aliases, is used"
            raise DeviceTreeError(Diagnostic(message=message, span=partial.root.span, help=help_text))
        taken = partial.by_phandle(_PHANDLE_GIC)
        if taken is not None:
            message = f"{taken.path} has phandle {_PHANDLE_GIC:#x}, which is that of the guest's interrupt controller"
            help_text = "leave phandles to dtc: it counts from 1"
            raise DeviceTreeError(Diagnostic(message=message, span=taken.span, help=help_text))
        self._copy(passthrough)
        aliases = partial.node("/aliases")
        if aliases is not None:
            self._copy(aliases)

    def _copy(self, top: Node) -> None:
        """Copy a node with all below it."""
        copied: list[Node] = []
        for node in top.walk():
            while copied and copied[-1] is not node.parent:
                self.builder.end()
                copied.pop()
            self.builder.begin(node.name, labels=node.labels, spans=node.spans)
            copied.append(node)
            for each in node.properties:
                self.builder.add(each.name, each.value, each.span)
        for _ in copied:
            self.builder.end()

    # Properties

    def strings(self, name: str, *texts: str) -> None:
        self.builder.add(name, b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in texts))

    def cells(self, name: str, *cells: int) -> None:
        self.builder.add(name, struct.pack(f">{len(cells)}I", *cells))

    def reg(self, *regions: tuple[int, int]) -> None:
        self.builder.add("reg", b"".join(struct.pack(">QQ", *region) for region in regions))

    def interrupts(self, *interrupts: tuple[int, int]) -> None:
        """Add interrupts, each a number as the GIC counts and its trigger, and their parent."""
        cells: list[int] = []
        for number, trigger in interrupts:
            ppi = number < _FIRST_SPI
            cells += (int(ppi), number - (_FIRST_PPI if ppi else _FIRST_SPI), _ALL_CPUS | trigger)
        self.cells("interrupts", *cells)
        self.cells("interrupt-parent", _PHANDLE_GIC)
