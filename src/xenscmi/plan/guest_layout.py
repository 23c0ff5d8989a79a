"""Where Xen puts what in an Arm guest (xen/include/public/arch-arm.h), and what is free for pages and registers.

Domains with direct-map have the host's layout instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xenscmi.config.constants import PAGE_SIZE
from xenscmi.plan.board import AddressRange

TAKEN = {
    "virtio-mmio": AddressRange(0x02000000, 0x02100000),
    "the interrupt controller": AddressRange(0x03000000, 0x04020000),
    "the PCI configuration space": AddressRange(0x10000000, 0x20000000),
    "the ACPI tables": AddressRange(0x20000000, 0x22000000),
    "the virtual PL011": AddressRange(0x22000000, 0x22001000),
    "the PCI memory window": AddressRange(0x23000000, 0x33000000),
    "the grant table": AddressRange(0x38000000, 0x39000000),
    "Xen's magic pages": AddressRange(0x39000000, 0x3A000000),
    "the PCI prefetchable window": AddressRange(0x100000000, 0x200000000),
}
RAM_BANKS = (AddressRange(0x40000000, 0x100000000), AddressRange(0x200000000, 0x10000000000))
PAGES = AddressRange(0x22001000, 0x23000000)
"""Where a guest finds its agent's page."""
WINDOWS = (
    AddressRange(0x04100000, 0x10000000),
    AddressRange(0x33000000, 0x38000000),
    AddressRange(0x3A000000, 0x40000000),
)
"""Where registers go that cannot stay at the host's addresses."""
VPL011_IRQ = 32


def ram(mebibytes: int) -> list[AddressRange]:
    """Return where the RAM of a guest lies: the low bank is filled first."""
    found, left = [], mebibytes << 20
    for bank in RAM_BANKS:
        size = min(left, bank.size)
        if size:
            found.append(AddressRange(bank.start, bank.start + size))
        left -= size
    return found


def taken_by(region: AddressRange, mebibytes: int) -> str | None:
    """Return what of a guest's own lies in a region; None if it is free."""
    if any(region.overlaps(bank) for bank in ram(mebibytes)):
        return "the guest's RAM"
    return next((what for what, there in TAKEN.items() if region.overlaps(there)), None)


def find_free(size: int, taken: Iterable[AddressRange], windows: Iterable[AddressRange]) -> int | None:
    """Return the first address at which `size` bytes (whole pages) fit into the windows beside what is taken."""
    there = sorted(taken, key=lambda each: each.start)
    for window in windows:
        at = window.start
        for each in _within(window, there):
            if each.start - at >= size:
                break
            at = max(at, -(-each.end // PAGE_SIZE) * PAGE_SIZE)
        if at + size <= window.end:
            return at
    return None


def _within(window: AddressRange, regions: Iterable[AddressRange]) -> Iterator[AddressRange]:
    yield from (each for each in regions if each.overlaps(window))
