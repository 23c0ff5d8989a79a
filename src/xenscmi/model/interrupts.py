"""Who has which interrupt of the GIC: what Xen permits, configures and routes.

After xen/arch/arm/device.c (map_device_irqs_to_domain), irq.c (route_irq_to_guest, irq_set_spi_type) and vgic.c.
Numbers are the GIC's: SPI n is n + 32.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from xenscmi.bindings.interrupts import FIRST_SPI, InterruptEntry, interrupt_count, interrupt_entries, spi_count
from xenscmi.bindings.names import GICS
from xenscmi.bindings.properties import is_compatible
from xenscmi.devicetree import Node, Tree
from xenscmi.model.console import Console
from xenscmi.model.domain import Domain
from xenscmi.toolstack.backend import XenError

MAX_IRQS = 992
"""Lines that a virtual GIC has by default at most (VGIC_MAX_IRQS)."""
RANK = 32
"""A virtual GIC has SPIs in whole ranks."""
SENSE_MASK = 0xF
"""The bits of a specifier's third cell that say whether the line is edge or level triggered."""


class Interrupts:
    """The machine's interrupt lines. Methods that refuse raise XenError.

    `lines` is how many the GIC has, those of each CPU included; `spis` is how many SPIs a domain gets by default.
    """

    def __init__(self, tree: Tree, console: Console) -> None:
        self.lines = FIRST_SPI + spi_count(tree)
        self.spis = min(self.lines, MAX_IRQS) - FIRST_SPI
        self._console = console
        self._types: dict[int, int] = {}
        self._owners: dict[int, Domain] = {}

    def map_device(self, domain: Domain, node: Node, *, route: bool) -> None:
        """Permit a domain all interrupts of a device at the GIC, and unless the device is a guest's, route them."""
        entries = list(interrupt_entries(node))
        for entry in entries:
            if is_compatible(entry.controller, *GICS):
                self._map(domain, self._configured(entry), node, route=route)
        if len(entries) < interrupt_count(node):
            self._console.print(f"Unable to retrieve irq {len(entries)} for {node.path}")
            raise XenError(errno.EINVAL)

    def map_bridge(self, domain: Domain, entries: Iterator[InterruptEntry], node: Node, *, route: bool) -> None:
        """Do the same for what a PCI bridge's `interrupt-map` leads to (map_dt_irq_to_domain)."""
        for entry in entries:
            number = entry.number
            if number is None or number < FIRST_SPI:
                self._console.print(f"{node.name}: IRQ{number} is not a SPI")
                raise XenError(errno.EINVAL)
            self._configure(number, entry.specifier[2] & SENSE_MASK, errno.EBUSY)
            self._map(domain, number, node, route=route)

    def _configured(self, entry: InterruptEntry) -> int:
        """Return an interrupt's number, its trigger configured (platform_get_irq, whose errors are all -1)."""
        number = entry.number
        if number is None:
            raise XenError(errno.EPERM)
        self._configure(number, entry.specifier[2] & SENSE_MASK, errno.EPERM)
        return number

    def _configure(self, number: int, kind: int, refusal: int) -> None:
        """Set how a line is triggered: once for all who share it."""
        if number >= FIRST_SPI and self._types.setdefault(number, kind) != kind:
            raise XenError(refusal)

    def _map(self, domain: Domain, number: int, node: Node, *, route: bool) -> None:
        domain.irq_access.add(number)
        if not route:
            return
        try:
            self.route(domain, number)
        except XenError:
            self._console.print(f"Unable to map IRQ{number} to d{domain.domid}")
            raise

    def bind(self, domain: Domain, number: int, hardware_domain: Domain | None) -> None:
        """Do what XEN_DOMCTL_bind_pt_irq does: only what dom0 may give, and each line once."""
        if hardware_domain is None or number not in hardware_domain.irq_access:
            raise XenError(errno.EPERM)
        if number in domain.irqs or number >= FIRST_SPI + domain.nr_spis:
            raise XenError(errno.EBUSY)
        self.route(domain, number)

    def route(self, domain: Domain, number: int) -> None:
        """Give a line to a domain; another may not have it (route_irq_to_guest)."""
        if number >= FIRST_SPI + domain.nr_spis:
            self._console.print(f"invalid vIRQ number {number} for domain d{domain.domid}")
            raise XenError(errno.EINVAL)
        if not FIRST_SPI <= number < self.lines:
            self._console.print("IRQ can only be routed to an SPI")
            raise XenError(errno.EINVAL)
        owner = self._owners.setdefault(number, domain)
        if owner is not domain:
            self._console.print(f"IRQ {number} is already used by domain {owner.domid}")
            raise XenError(errno.EBUSY)
        domain.irqs.add(number)

    def release(self, domain: Domain) -> None:
        """Take all lines back from a domain that goes."""
        for number in domain.irqs:
            self._owners.pop(number, None)
        domain.irqs.clear()

    def hand_over(self, domain: Domain, numbers: frozenset[int]) -> None:
        """Give a domain the lines that it already had, without a word: state was restored."""
        for number in numbers:
            self.route(domain, number)

    def release_all(self) -> None:
        """Take all lines back from domains that no longer exist: state was thrown away."""
        self._owners.clear()
