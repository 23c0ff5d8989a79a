"""A board from its parts: what is loaded where, the tree that tells of it, and the firmware behind the doorbell."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xenscmi.board import layout
from xenscmi.board.faults import Fault
from xenscmi.board.machine import Qemu
from xenscmi.board.memory import Ram
from xenscmi.board.service import Service
from xenscmi.board.session import Session
from xenscmi.board.trace import Observer
from xenscmi.board.tree import AgentNode, Chosen, Module, XenContainer, board_dts, compile_board
from xenscmi.devicetree import write_dtb
from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.firmware import Firmware


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What runs on a board: Linux with its initial RAM disk; under Xen, as dom0, where there is an image of Xen.

    Images are arm64 ones as `unpack_image` returns them. `loads` are further files and their addresses, of which the
    tree tells: the kernels of dom0less domains, and their partial trees.
    """

    linux: bytes
    initrd: bytes = b""
    bootargs: str = ""
    xen: bytes = b""
    xen_bootargs: str = ""
    loads: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """CPUs, and RAM in bytes."""

    cpus: int = 2
    memory: int = layout.USUAL_RAM

    def __post_init__(self) -> None:
        if not 1 <= self.cpus <= 8 or self.memory < layout.SMALLEST_RAM or self.memory % layout.MEBIBYTE:
            least = layout.SMALLEST_RAM // layout.MEBIBYTE
            raise XenscmiError(Diagnostic(message=f"the board has 1 to 8 CPUs and {least} MiB of RAM or more"))


def board_tree(
    hardware: Hardware, software: Software, agents: Sequence[AgentNode], container: XenContainer | None = None
) -> str:
    """Return the DTS of a board on which an operating system has these agents; `container` is for Xen."""
    chosen = chosen_of(software, container)
    return board_dts(cpus=hardware.cpus, memory=hardware.memory, agents=agents, chosen=chosen)


def chosen_of(software: Software, container: XenContainer | None = None) -> Chosen:
    """Return what the tree says of the software that is loaded, and what Xen is told."""
    initrd = (layout.INITRD, len(software.initrd)) if software.initrd else None
    if not software.xen:
        return Chosen(bootargs=software.bootargs, initrd=initrd)
    modules = [
        Module(
            compatible="multiboot,kernel", address=layout.LINUX, size=len(software.linux), bootargs=software.bootargs
        )
    ]
    if initrd:
        modules.append(Module(compatible="multiboot,ramdisk", address=layout.INITRD, size=len(software.initrd)))
    return Chosen(xen_bootargs=software.xen_bootargs, modules=modules, container=container)


@contextmanager
def started(
    hardware: Hardware,
    software: Software,
    dtb: bytes,
    firmware: Firmware,
    *,
    console: Callable[[bytes], None],
    faults: Sequence[Fault] = (),
    observer: Observer | None = None,
) -> Iterator[Session]:
    """Switch a board on, and off at the end of the block. Raises XenscmiError if it cannot be."""
    ram = Ram(hardware.memory)
    service = None
    try:
        _load(ram, software, dtb)
        service = Service(firmware, ram, faults, observer)
        service.start()
        with Qemu(ram, cpus=hardware.cpus) as machine:
            session = Session(machine, service, console)
            try:
                yield session
            finally:
                session.close()
    finally:
        if service is not None:
            service.release()
        ram.close()


def _load(ram: Ram, software: Software, dtb: bytes) -> None:
    """Put everything in its place. Raises XenscmiError if something is too long for it."""
    end = layout.RAM + ram.size
    loads = [
        ("the device tree", layout.DEVICE_TREE, dtb, layout.DEVICE_TREE + layout.DEVICE_TREE_LIMIT),
        ("the initial RAM disk", layout.INITRD, software.initrd, layout.LINUX),
        ("the kernel", layout.LINUX, software.linux, layout.XEN),
        ("Xen", layout.XEN, software.xen, end),
    ]
    for what, address, data, limit in loads:
        if address + len(data) > limit:
            message = f"{what} has {len(data)} bytes, but the board has room for {limit - address}"
            raise XenscmiError(Diagnostic(message=message))
        ram.write(address, data)
    for address, data in software.loads:
        ram.write(address, data)
    entry = layout.XEN if software.xen else layout.LINUX
    ram.write(layout.BOOT_RECORD, struct.pack("<QQ", entry, layout.DEVICE_TREE))


def dtb_of(dts: str) -> bytes:
    """Return a board's DTS as a blob."""
    return write_dtb(compile_board(dts))
