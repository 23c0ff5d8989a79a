"""What Xen puts where in an Arm guest's address space (xen/include/public/arch-arm.h)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

KIB = 1024
RAM = "the guest's RAM"
_RAM_BANKS = ((0x4000_0000, 0xC000_0000), (0x2_0000_0000, 0xFE_0000_0000))


@dataclass(frozen=True, slots=True)
class Occupied:
    """`size` bytes from `start` of a guest's addresses, and what has them: in every guest, or if it is configured."""

    what: str
    start: int
    size: int
    always: bool = False

    def overlaps(self, start: int, size: int) -> bool:
        return start < self.start + self.size and self.start < start + size


FIXED = (
    Occupied("virtio-mmio", 0x0200_0000, 0x0010_0000),
    Occupied("the GIC distributor", 0x0300_1000, 0x0001_0000, always=True),
    Occupied("the GIC redistributors", 0x0302_0000, 0x0100_0000, always=True),
    Occupied("the PCI configuration space", 0x1000_0000, 0x1000_0000),
    Occupied("the ACPI tables", 0x2000_0000, 0x0200_0000),
    Occupied("the virtual PL011", 0x2200_0000, 0x0000_1000),
    Occupied("the PCI memory window", 0x2300_0000, 0x1000_0000),
    Occupied("the grant table", 0x3800_0000, 0x0100_0000, always=True),
    Occupied("Xen's magic pages", 0x3900_0000, 0x0100_0000, always=True),
    Occupied("the PCI prefetchable window", 0x1_0000_0000, 0x1_0000_0000),
)
"""What a guest has besides RAM, by address."""


def ram(kibibytes: int) -> Iterator[Occupied]:
    """Yield the RAM of a guest with so much memory: 3 GiB from 1 GiB on, the rest from 8 GiB on."""
    left = kibibytes * KIB
    for start, size in _RAM_BANKS:
        if left > 0:
            yield Occupied(RAM, start, min(left, size), always=True)
        left -= size
