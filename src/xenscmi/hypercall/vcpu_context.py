"""The registers with which a guest's first vCPU starts: struct vcpu_guest_context (xen/include/public/arch-arm.h)."""

from __future__ import annotations

import struct

# flags; x0..x30 (r0..); pc; cpsr; spsr_el1; spsr_fiq, spsr_irq, spsr_und, spsr_abt; sp_el0, sp_el1, elr_el1;
# sctlr; ttbcr, ttbr0, ttbr1.
_CONTEXT = struct.Struct("<I4x31Q3Q4I3QQ3Q")
_ONLINE = 1
_SCTLR_GUEST_INIT = 0x00C5_0078
# All exceptions masked; EL1 with its own stack pointer, or supervisor mode of Arm code with the zero flag set.
_PSR_GUEST64_INIT = 0x3C5
_PSR_GUEST32_INIT = 0x4000_01D3
_NO_MACHINE = 0xFFFF_FFFF


def first_vcpu_context(bits: int, entry: int, device_tree: int) -> bytes:
    """Return the context of a 32- or 64-bit Linux, as its boot protocol wants it; addresses are guest physical."""
    if bits == 64:
        cpsr, registers = _PSR_GUEST64_INIT, (device_tree, 0, 0)
    else:
        cpsr, registers = _PSR_GUEST32_INIT, (0, _NO_MACHINE, device_tree)
    return _CONTEXT.pack(
        *(_ONLINE, *registers, *([0] * 28), entry, cpsr, 0),
        *([0] * 4 + [0] * 3),
        *(_SCTLR_GUEST_INIT, 0, 0, 0),
    )
