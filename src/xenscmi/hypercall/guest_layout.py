"""An Arm guest's physical address space, and what is loaded where in its RAM.

The addresses are GUEST_* of xen/include/public/arch-arm.h, the same from Xen 4.17 to 4.22. All sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, XenscmiError

PAGE_SHIFT = 12
MIB = 1 << 20

GICV2_DISTRIBUTOR, GICV2_CPU_INTERFACE = (0x0300_1000, 0x1000), (0x0300_2000, 0x2000)
GICV3_DISTRIBUTOR, GICV3_REDISTRIBUTORS = (0x0300_1000, 0x1_0000), (0x0302_0000, 0x100_0000)
VPL011 = (0x2200_0000, 0x1000)
VPL011_SPI = 32
GRANT_TABLE = (0x3800_0000, 0x100_0000)
MAGIC_BASE = 0x3900_0000
RAM_BANKS = ((0x4000_0000, 0xC000_0000), (0x2_0000_0000, 0xFE_0000_0000))
TIMER_SECURE_PPI, TIMER_NON_SECURE_PPI, TIMER_VIRTUAL_PPI = 29, 30, 27
EVTCHN_PPI = 31

# The pages that the toolstack and the guest share, from MAGIC_BASE on.
CONSOLE_GFN, XENSTORE_GFN, MEMACCESS_GFN, VUART_GFN = ((MAGIC_BASE >> PAGE_SHIFT) + number for number in range(4))

_MODULES_AT = 128 * MIB
_KERNEL_ALIGNMENT = 2 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the kernel, the initial ramdisk and the device tree are loaded; `banks` are the RAM (address, size)."""

    kernel: int
    ramdisk: int | None
    device_tree: int
    banks: tuple[tuple[int, int], ...]


class DoesNotFitError(XenscmiError):
    """The guest's memory cannot hold what is to be loaded."""

    def __init__(self, message: str) -> None:
        super().__init__(Diagnostic(message=message, help="give the domain more memory: memory = MIB"))


def ram_banks(size: int) -> tuple[tuple[int, int], ...]:
    """Return the RAM (address, size) of a guest with `size` bytes. Raises XenscmiError for none and for too much."""
    most = sum(bank_size for _, bank_size in RAM_BANKS)
    if not 0 < size <= most:
        message = f"a guest has 1 MiB to {most // MIB} MiB of memory, not {size // MIB}"
        raise XenscmiError(Diagnostic(message=message, help="write memory = MIB"))
    banks = []
    for base, bank_size in RAM_BANKS:
        if size:
            banks.append((base, min(size, bank_size)))
            size -= banks[-1][1]
    return tuple(banks)


def place(memory: int, kernel: int, kernel_size: int, ramdisk_size: int, device_tree_size: int) -> Placement:
    """Return where everything goes in a guest with `memory` bytes, its kernel at address `kernel`.

    As libxc's meminit (tools/libs/guest/xg_dom_arm.c): the ramdisk, then the device tree, at 128 MiB, or as high as
    there is memory, or just below the kernel. `ramdisk_size` is 0 where there is none. Raises DoesNotFitError.
    """
    banks = ram_banks(memory)
    base, bank_size = banks[0]
    end = base + bank_size
    kernel_end = _round_up(kernel + kernel_size, _KERNEL_ALIGNMENT)
    ramdisk_size, device_tree_size = pages_size(ramdisk_size), pages_size(device_tree_size)
    modules = ramdisk_size + device_tree_size
    preferred = base + _MODULES_AT
    if kernel + kernel_size > end:
        raise DoesNotFitError(f"a kernel of {kernel_size} bytes does not fit into {memory // MIB} MiB of memory")
    if end >= preferred + modules and kernel_end < preferred:
        start = preferred
    elif end - modules > kernel_end:
        start = end - modules
    elif kernel - base > modules:
        start = kernel - modules
    else:
        message = f"kernel, ramdisk and device tree ({(kernel_size + modules) // MIB + 1} MiB) do not fit into"
        raise DoesNotFitError(f"{message} {memory // MIB} MiB of memory")
    return Placement(
        kernel=kernel,
        ramdisk=start if ramdisk_size else None,
        device_tree=start + ramdisk_size,
        banks=banks,
    )


def pages_size(size: int) -> int:
    """Return the size in bytes of the pages that `size` bytes need."""
    return _round_up(size, 1 << PAGE_SHIFT)


def _round_up(value: int, step: int) -> int:
    return (value + step - 1) // step * step
