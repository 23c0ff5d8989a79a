"""Kernels for Arm guests: the 64-bit Image and the 32-bit zImage, also compressed by gzip.

Formats: Linux's Documentation/arch/arm64/booting.rst and arch/arm/boot/compressed/head.S; what libxc makes of them:
tools/libs/guest/xg_dom_armzimageloader.c.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from xenscmi.diagnostics import Diagnostic, XenscmiError
from xenscmi.hypercall.guest_layout import RAM_BANKS

_RAM_BASE, _LARGEST = RAM_BANKS[0]

_IMAGE_HEADER = struct.Struct("<IIQQ32xI4x")
_IMAGE_OLD_MAGIC, _IMAGE_MAGIC = 0x1400_0008, 0x644D_5241
_ZIMAGE_HEADER = struct.Struct("<36xIII")
_ZIMAGE_MAGIC = 0x016F_2818
_ZIMAGE_OFFSET = 0x8000
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class KernelError(XenscmiError):
    """The file is not a kernel that an Arm guest can run."""

    def __init__(self, name: str, reason: str) -> None:
        help_text = "give a 64-bit Image or a 32-bit zImage: arch/arm64/boot/Image, /boot/vmlinuz of an arm64 Debian"
        super().__init__(Diagnostic(message=f"{name} is not a kernel for an Arm guest: {reason}", help=help_text))


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelImage:
    """A kernel ready to be loaded: the guest has `bits` (32 or 64); `address` and `entry` are guest physical."""

    data: bytes
    bits: int
    address: int
    entry: int


def read_kernel(data: bytes, name: str) -> KernelImage:
    """Return the kernel in a file's bytes; `name` is for messages. Raises KernelError."""
    if data.startswith(_GZIP_MAGIC):
        data = _gunzip(data, name)
    if len(data) >= _IMAGE_HEADER.size:
        old_magic, _, text_offset, _, magic = _IMAGE_HEADER.unpack_from(data)
        if magic == _IMAGE_MAGIC or old_magic == _IMAGE_OLD_MAGIC:
            if text_offset + len(data) > _LARGEST:
                raise KernelError(name, f"its load offset {text_offset:#x} lies outside a guest's memory")
            address = _RAM_BASE + text_offset
            return KernelImage(data=data, bits=64, address=address, entry=address)
    if len(data) >= _ZIMAGE_HEADER.size:
        magic, start, _ = _ZIMAGE_HEADER.unpack_from(data)
        if magic == _ZIMAGE_MAGIC:
            address = _RAM_BASE + _ZIMAGE_OFFSET
            return KernelImage(data=data, bits=32, address=address, entry=start or address)
    raise KernelError(name, "it has neither an Image's nor a zImage's header" if data else "it is empty")


def _gunzip(data: bytes, name: str) -> bytes:
    decompressor = zlib.decompressobj(_GZIP_WINDOW)
    try:
        image = decompressor.decompress(data, _LARGEST)
    except zlib.error as error:
        raise KernelError(name, f"its gzip data is damaged ({error})") from None
    if not decompressor.eof:
        reason = "its gzip data is cut short" if not decompressor.unconsumed_tail else "it is larger than any guest"
        raise KernelError(name, reason)
    return image
