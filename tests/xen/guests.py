"""What guests on a real Xen run: Debian's kernel with an initrd that tells what it sees, and one of a few bytes."""

from __future__ import annotations

import struct
from functools import cache

from tests.xen import packages
from tests.xen.initramfs import Archive

from xenscmi.devicetree import Builder, write_dtb
from xenscmi.source import Source

# Linux's Image header (Documentation/arch/arm64/booting.rst), then: wait for an interrupt, for ever.
_HEADER = struct.Struct("<IIQQQQQQII")
_BRANCH_OVER_HEADER, _WAIT, _BACK = 0x1400_0010, 0xD503_207F, 0x17FF_FFFF
_IMAGE_MAGIC = 0x644D_5241

_TELL = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
cd /sys/firmware/devicetree/base
tell() { echo "guest: $1: $(/bin/busybox tr '\\0' ' ' < "$2")"; }
tell model model
tell bootargs chosen/bootargs
tell passthrough passthrough/sensor@10000000/compatible
tell alias aliases/sensor0
echo "guest: nodes: $(echo *@*)"
echo "guest: cpus: $(/bin/busybox grep -c ^processor /proc/cpuinfo)"
echo "guest: memory: $(/bin/busybox grep MemTotal /proc/meminfo)"
echo "guest: initrd: $(/bin/busybox cat /secret)"
echo "guest: done"
exec /bin/busybox poweroff -f
"""
SECRET = "what only this initrd has"


def tiny_kernel() -> bytes:
    """Return a kernel for 64-bit guests that does nothing, on any number of vCPUs."""
    code = struct.pack("<II", _WAIT, _BACK)
    size = _HEADER.size + len(code)
    return _HEADER.pack(_BRANCH_OVER_HEADER, 0, 0, size, 0, 0, 0, 0, _IMAGE_MAGIC, 0) + code


def partial_tree() -> bytes:
    """Return a partial device tree: a device under /passthrough, an alias, and what libxl drops."""
    builder = Builder(Source("partial tree", ""))
    builder.add("#address-cells", struct.pack(">I", 2))
    builder.add("#size-cells", struct.pack(">I", 2))
    builder.begin("passthrough")
    builder.add("compatible", b"simple-bus\0")
    builder.add("#address-cells", struct.pack(">I", 2))
    builder.add("#size-cells", struct.pack(">I", 2))
    builder.add("ranges", b"")
    builder.begin("sensor@10000000")
    builder.add("compatible", b"xenscmi,test-sensor\0")
    builder.add("reg", struct.pack(">QQ", 0x1000_0000, 0x1000))
    builder.end()
    builder.end()
    builder.begin("aliases")
    builder.add("sensor0", b"/passthrough/sensor@10000000\0")
    builder.end()
    builder.begin("dropped@1")
    builder.end()
    return write_dtb(builder.finish())


@cache
def files(release: packages.Release) -> dict[str, bytes]:
    """Return the files that dom0 has for its guests, by path. Raises Unavailable."""
    initrd = Archive()
    initrd.file("init", _TELL.encode(), 0o755)
    initrd.file("secret", SECRET.encode())
    busybox = next(packages.dom0_root(release).rglob("bin/busybox"))
    initrd.file("bin/busybox", busybox.read_bytes(), 0o755)
    for folder in ("dev", "proc", "sys"):
        initrd.folder(folder)
    (vmlinuz,) = (packages.kernel_root() / "boot").glob("vmlinuz-*")
    return {
        "guest/Image": vmlinuz.read_bytes(),
        "guest/initrd": initrd.finish(),
        "guest/tiny": tiny_kernel(),
        "guest/partial.dtb": partial_tree(),
    }
