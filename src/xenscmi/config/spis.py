"""The shared interrupts (SPIs) of a domain, and the virtio-mmio slots that take some of them (libxl_arm.c)."""

from __future__ import annotations

from xenscmi.config.constants import UINT32_DEFAULT
from xenscmi.config.types.enums import DiskSpecification, VirtioTransport, VuartType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from xenscmi.config.types.domain import DomainConfig

# xen/include/public/arch-arm.h
GUEST_VPL011_SPI = 32
GUEST_VIRTIO_MMIO_BASE = 0x02000000
GUEST_VIRTIO_MMIO_SPI_FIRST = 33
GUEST_VIRTIO_MMIO_SPI_LAST = 43

_VIRTIO_MMIO_DEV_SIZE = 0x200
_FIRST_SPI = 32


def assign_spis(config: DomainConfig, refuse: Callable[..., NoReturn]) -> DomainConfig:
    """Return the configuration with `nr_spis` and the `irq` and `base` of its virtio devices filled in.

    `refuse(message, field, help)` raises; it is called if libxl refuses the configuration, with libxl's message.
    """
    slots = _Slots(refuse)
    disks = tuple(
        disk.replace(**slots.take(f"disks[{index}]")) if disk.specification is DiskSpecification.VIRTIO else disk
        for index, disk in enumerate(config.disks)
    )
    virtios = tuple(
        one.replace(**slots.take(f"virtios[{index}]")) if one.transport is VirtioTransport.MMIO else one
        for index, one in enumerate(config.virtios)
    )
    arch = config.b_info.arch_arm
    vuart = arch.vuart is VuartType.SBSA_UART
    needed = _needed_spis(config.b_info.irqs, vuart, slots.used, refuse)
    nr_spis = needed if arch.nr_spis == UINT32_DEFAULT else arch.nr_spis
    if nr_spis < needed:
        message = f"Provided nr_spis value is too small (minimum required {needed})"
        refuse(message, "b_info.arch_arm.nr_spis", f"write at least {needed}, or remove it")
    b_info = config.b_info.replace(arch_arm=arch.replace(nr_spis=nr_spis))
    return config.replace(b_info=b_info, disks=disks, virtios=virtios)


class _Slots:
    """Hands out virtio-mmio slots: a stretch of addresses and an SPI each."""

    def __init__(self, refuse: Callable[..., NoReturn]) -> None:
        self.refuse = refuse
        self.used = 0

    def take(self, field: str) -> dict[str, int]:
        """Return `irq` and `base` of the device at `field`."""
        base = GUEST_VIRTIO_MMIO_BASE + self.used * _VIRTIO_MMIO_DEV_SIZE
        irq = GUEST_VIRTIO_MMIO_SPI_FIRST + self.used
        if irq > GUEST_VIRTIO_MMIO_SPI_LAST:
            most = GUEST_VIRTIO_MMIO_SPI_LAST - GUEST_VIRTIO_MMIO_SPI_FIRST + 1
            message = f"Ran out of reserved range for Virtio MMIO IRQ {irq}"
            self.refuse(message, field, f"a domain can have {most} virtio devices, disks included")
        self.used += 1
        return {"base": base, "irq": irq}


def _needed_spis(irqs: tuple[int, ...], vuart: bool, virtios: int, refuse: Callable[..., NoReturn]) -> int:
    """Return the number of SPIs that the vuart, the virtio devices and the passed-through interrupts need."""
    spis = GUEST_VPL011_SPI - _FIRST_SPI + 1 if vuart else 0
    last_virtio = GUEST_VIRTIO_MMIO_SPI_FIRST + virtios - 1
    if virtios:
        spis = max(spis, last_virtio - _FIRST_SPI + 1)
    for index, irq in enumerate(irqs):
        if vuart and irq == GUEST_VPL011_SPI:
            message = f"Physical IRQ {irq} conflicting with pl011 SPI"
            help_text = "the vuart uses this interrupt: remove vuart, or this interrupt"
            refuse(message, f"b_info.irqs[{index}]", help_text)
        if GUEST_VIRTIO_MMIO_SPI_FIRST <= irq <= last_virtio:
            message = f"Physical IRQ {irq} conflicting with Virtio MMIO IRQ range"
            help_text = f"the virtio devices use {GUEST_VIRTIO_MMIO_SPI_FIRST} to {last_virtio}"
            refuse(message, f"b_info.irqs[{index}]", help_text)
        spis = max(spis, irq - _FIRST_SPI + 1)
    return spis
