"""Kernels and hypervisors as files have them: arm64 images, gzipped, or Linux's EFI self-extracting ones."""

from __future__ import annotations

import struct
import zlib

from xenscmi.diagnostics import Diagnostic, XenscmiError

LARGEST = 256 << 20
_ARM64_MAGIC, _AT_ARM64_MAGIC = b"ARM\x64", 56
_ZBOOT_MAGIC, _ZBOOT = b"zimg", struct.Struct("<4x4sII8x32s")  # magic, offset and size of the payload; compression


def unpack_image(data: bytes, name: str) -> bytes:
    """Return the arm64 image (Linux `Documentation/arch/arm64/booting.rst`; Xen's are alike) in a file's bytes.

    Raises XenscmiError for anything else; `name` is the file's.
    """
    if data[4:8] == _ZBOOT_MAGIC and len(data) >= _ZBOOT.size:
        _, offset, size, compression = _ZBOOT.unpack_from(data)
        kind = compression.partition(b"\0")[0].decode(errors="replace")
        if kind != "gzip":
            raise _error(f"{name} is compressed with {kind}", "unpack it first; the board reads gzip")
        data = data[offset : offset + size]
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, name)
    if data[_AT_ARM64_MAGIC : _AT_ARM64_MAGIC + 4] != _ARM64_MAGIC:
        raise _error(f"{name} is not an arm64 image", "give an Image or vmlinuz of an arm64 kernel, or an arm64 xen")
    return data


def _gunzip(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        image = unpacker.decompress(data, LARGEST)
    except zlib.error as error:
        raise _error(f"{name} cannot be unpacked: {error}") from None
    if not unpacker.eof:
        raise _error(f"{name} is cut off, or has more than {LARGEST >> 20} MiB unpacked")
    return image


def _error(message: str, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, help=help))
