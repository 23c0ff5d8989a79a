"""Where the boot loader puts what Xen boots: dom0's and the dom0less domains' kernels, ramdisks and partial trees.

Sizes are not known to a plan, so each module gets room; the boot script then writes the true sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, Severity
from xenscmi.plan.allocation import Allocation
from xenscmi.plan.board import AddressRange
from xenscmi.plan.guest_layout import find_free
from xenscmi.plan.planned import DOM0
from xenscmi.plan.reading import failure

ROOM = {"kernel": 64 << 20, "ramdisk": 64 << 20, "device-tree": 2 << 20}
"""Bytes that a module may have, by kind."""
MOST_MODULES = 32
"""Boot modules that Xen keeps apart (MAX_MODULES, xen/include/xen/bootfdt.h)."""
_ALIGNMENT = 2 << 20
_SKIPPED = 128 << 20
"""Left free at the start of the RAM, where U-Boot, its script, Xen and the host's tree go."""


@dataclass(frozen=True, slots=True)
class BootModule:
    """A file that the boot loader loads for a domain."""

    domain: str
    kind: str
    file: str
    address: int
    size: int
    arguments: str | None = None

    @property
    def variable(self) -> str:
        """The name by which the boot script knows it."""
        return f"{self.domain}_{self.kind}".replace("-", "_").replace("+", "_")


def boot_modules(allocation: Allocation) -> tuple[BootModule, ...]:
    """Return the modules; a file that several domains use is loaded once. Raises XenscmiError if RAM is short."""
    wanted = list(_wanted(allocation))
    taken = [*(region for _, region in allocation.resolved.board.reserved), *allocation.holes]
    for allotment in allocation.guests:
        section = allotment.domain.section
        taken += [AddressRange(at, at + size) for at, size in section.static_mem] if section else []
    banks = allocation.resolved.board.banks()
    windows = [AddressRange(bank.start + _SKIPPED, bank.end) for bank in banks if bank.start + _SKIPPED < bank.end]
    placed: dict[tuple[str, str], int] = {}
    found = []
    for domain, kind, file, arguments in wanted:
        address = placed.get((kind, file))
        if address is None:
            aligned = [AddressRange(each.start // _ALIGNMENT * _ALIGNMENT, each.end) for each in taken]
            address = find_free(ROOM[kind], _to_alignment(aligned), windows)
            if address is None:
                place = allocation.resolved.read.at("$.board")
                help = "say where the RAM is (`ram' in [board]), or make fewer domains dom0less"
                raise failure("the RAM has no room for all boot modules", place, help)
            placed[kind, file] = address
            taken.append(AddressRange(address, address + ROOM[kind]))
        found.append(BootModule(domain, kind, file, address, ROOM[kind], arguments))
    return tuple(found)


def too_many(modules: Iterable[BootModule]) -> Iterator[Diagnostic]:
    """Yield a warning where Xen would overlook modules."""
    count = len({module.address for module in modules})
    if count > MOST_MODULES:
        message = f"there are {count} boot modules; Xen keeps {MOST_MODULES} apart and ignores the others"
        help = "make domains of the toolstack (kind), or raise MAX_MODULES in Xen"
        yield Diagnostic(message=message, severity=Severity.WARNING, help=help)


def _to_alignment(taken: list[AddressRange]) -> list[AddressRange]:
    return [AddressRange(each.start, -(-each.end // _ALIGNMENT) * _ALIGNMENT) for each in taken]


def _wanted(allocation: Allocation) -> list[tuple[str, str, str, str | None]]:
    found: list[tuple[str, str, str, str | None]] = []
    if allocation.dom0 is not None:
        dom0 = allocation.resolved.dom0_section
        found.append((DOM0, "kernel", dom0.kernel, dom0.extra))
        if dom0.ramdisk:
            found.append((DOM0, "ramdisk", dom0.ramdisk, None))
    for allotment in allocation.guests:
        section = allotment.domain.section
        if section is None or not allotment.domain.dom0less:
            continue
        extra = section.extra or ("console=ttyAMA0" if section.vpl011 else None)
        found.append((section.name, "kernel", section.kernel, extra))
        if section.ramdisk:
            found.append((section.name, "ramdisk", section.ramdisk, None))
        if allotment.channel is not None or allotment.domain.devices:
            found.append((section.name, "device-tree", f"{section.name}.dtb", None))
    return found
