"""XS212 guest-layout-conflict."""

from __future__ import annotations

from collections.abc import Iterator

from xenscmi.diagnostics import Severity
from xenscmi.host.index import Index, guest_channel
from xenscmi.host.types import DomainKind
from xenscmi.rules.rule import Change, Finding, HostRule

# What Xen puts where in an Arm guest (xen/include/public/arch-arm.h): name, first address, size.
_LAYOUT = (
    ("virtio-mmio", 0x02000000, 0x00100000),
    ("the GIC distributor", 0x03001000, 0x00010000),
    ("the GIC redistributors", 0x03020000, 0x01000000),
    ("the PCI configuration space", 0x10000000, 0x10000000),
    ("the ACPI tables", 0x20000000, 0x02000000),
    ("the virtual PL011", 0x22000000, 0x00001000),
    ("the PCI memory window", 0x23000000, 0x10000000),
    ("the grant table", 0x38000000, 0x01000000),
    ("Xen's magic pages", 0x39000000, 0x01000000),
    ("the guest's RAM", 0x40000000, 0xC0000000),
    ("the PCI prefetchable window", 0x100000000, 0x100000000),
    ("the guest's RAM", 0x200000000, 0xFE00000000),
)

RULE = HostRule(
    code="XS212",
    name="guest-layout-conflict",
    severity=Severity.WARNING,
    summary="The agent's page is at a guest address that Xen's Arm guest layout uses for something else.",
    then="Xen does not check",
    xen="Xen does not check. One mapping replaces the other: the guest loses its console, its interrupts, or a page of "
    "RAM. Domains with direct-map have a different layout.",
    fix="choose a free address, for example 0x22001000",
    bad=(
        Change("panel.dts", "sram@22001000 {", "sram@22000000 {"),
        Change("panel.dts", "reg = <0x0 0x22001000 0x0 0x1000>;", "reg = <0x0 0x22000000 0x0 0x1000>;"),
        Change("panel.dts", "0x0 0x22001000>;\n\t\t\txen,force", "0x0 0x22000000>;\n\t\t\txen,force"),
    ),
)


@RULE.check
def check(index: Index) -> Iterator[Finding]:
    for domain in index.host.domains:
        channel = guest_channel(domain)
        shmem = channel.shmem.value if channel and channel.shmem else None
        if domain.kind is DomainKind.DOM0 or shmem is None or shmem.address is None:
            continue
        for what, start, size in _LAYOUT:
            if start <= shmem.address < start + size:
                yield Finding(
                    message=f"guest address {shmem.address:#x} of the page of {domain.title} is already {what}",
                    span=shmem.span,
                )
