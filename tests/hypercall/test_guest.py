"""What a guest is loaded with: kernels, their places, and the device tree, without any Xen."""

from __future__ import annotations

import gzip
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.specs import make_spec

from xenscmi.config.types.build import IomemRange
from xenscmi.devicetree import DeviceTreeError, Tree, parse_dts, read_dtb, write_dtb, write_dts
from xenscmi.diagnostics import XenscmiError
from xenscmi.hypercall import guest_layout as layout
from xenscmi.hypercall.build import read_guest_files
from xenscmi.hypercall.guest_tree import GuestHardware, extended_regions, make_guest_tree
from xenscmi.hypercall.kernel_image import KernelError, read_kernel
from xenscmi.hypercall.vcpu_context import first_vcpu_context

MIB = layout.MIB
RAM = 0x4000_0000


def image(size: int = 4096, text_offset: int = 0x8_0000) -> bytes:
    return struct.pack("<IIQQ32xI4x", 0, 0, text_offset, size, 0x644D_5241).ljust(size, b"k")


def zimage(start: int = 0) -> bytes:
    return struct.pack("<36xIII", 0x016F_2818, start, 0).ljust(4096, b"z")


# Kernels


def test_an_image_is_loaded_at_its_offset() -> None:
    kernel = read_kernel(image(), "Image")
    assert (kernel.bits, kernel.address, kernel.entry, kernel.data) == (64, RAM + 0x8_0000, RAM + 0x8_0000, image())


def test_an_old_image_has_no_magic_but_a_branch() -> None:
    old = struct.pack("<II", 0x1400_0008, 0).ljust(4096, b"\0")
    assert read_kernel(old, "Image").bits == 64


@pytest.mark.parametrize(("start", "entry"), [(0, RAM + 0x8000), (0x4000_1234, 0x4000_1234)])
def test_a_zimage_is_for_32_bits(start: int, entry: int) -> None:
    kernel = read_kernel(zimage(start), "zImage")
    assert (kernel.bits, kernel.address, kernel.entry) == (32, RAM + 0x8000, entry)


def test_a_kernel_may_be_compressed() -> None:
    assert read_kernel(gzip.compress(image()), "Image.gz").data == image()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"MZ", "neither an Image's nor a zImage's header"),
        (b"\x7fELF".ljust(4096, b"\0"), "neither an Image's nor a zImage's header"),
        (gzip.compress(image(), mtime=0)[:40], "cut short"),
        (b"\x1f\x8b" + bytes(100), "its gzip data is damaged"),
        (image(text_offset=1 << 63), "lies outside a guest's memory"),
    ],
)
def test_what_is_not_a_kernel(data: bytes, reason: str) -> None:
    with pytest.raises(KernelError, match=reason):
        read_kernel(data, "/boot/x")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_kernel_or_an_error(data: bytes) -> None:
    try:
        kernel = read_kernel(data, "x")
    except KernelError:
        return
    assert kernel.bits in (32, 64)


# Places


@pytest.mark.parametrize(
    ("memory", "kernel_size", "ramdisk", "expected_ramdisk", "expected_tree"),
    [
        (512, 30 * MIB, 10 * MIB, RAM + 128 * MIB, RAM + 138 * MIB),
        (128, 30 * MIB, 10 * MIB, RAM + 128 * MIB - 10 * MIB - 4096, RAM + 128 * MIB - 4096),
        (128, 30 * MIB, 0, None, RAM + 128 * MIB - 4096),
        (512, 130 * MIB, 10 * MIB, RAM + 512 * MIB - 10 * MIB - 4096, RAM + 512 * MIB - 4096),
        (16, 4096, 0, None, RAM + 16 * MIB - 4096),
    ],
)
def test_places_are_libxcs(
    memory: int, kernel_size: int, ramdisk: int, expected_ramdisk: int | None, expected_tree: int
) -> None:
    placed = layout.place(memory * MIB, RAM, kernel_size, ramdisk, 3000)
    assert (placed.ramdisk, placed.device_tree) == (expected_ramdisk, expected_tree)
    assert placed.banks == ((RAM, memory * MIB),)


def test_modules_go_before_a_kernel_that_ends_where_the_memory_does() -> None:
    kernel = RAM + 40 * MIB
    placed = layout.place(64 * MIB, kernel, 23 * MIB, 10 * MIB, 3000)
    assert placed.ramdisk == kernel - 10 * MIB - 4096


@given(
    st.integers(1, 4096), st.integers(1, 64 * MIB), st.integers(0, 64 * MIB), st.integers(1, MIB), st.integers(0, 64)
)
def test_nothing_overlaps(memory: int, kernel: int, ramdisk: int, tree: int, offset: int) -> None:
    address = RAM + offset * MIB
    try:
        placed = layout.place(memory * MIB, address, kernel, ramdisk, tree)
    except XenscmiError:
        assert memory < 256
        return
    parts = [(address, kernel), (placed.device_tree, tree)]
    if placed.ramdisk is not None:
        parts.append((placed.ramdisk, ramdisk))
    parts.sort()
    assert all(start + size <= following for (start, size), (following, _) in pairwise(parts))
    base, size = placed.banks[0]
    assert base <= parts[0][0]
    assert sum(parts[-1]) <= base + size
    assert placed.device_tree % 4096 == 0


def test_large_guests_have_two_banks() -> None:
    assert layout.ram_banks(4096 * MIB) == ((RAM, 3072 * MIB), (0x2_0000_0000, 1024 * MIB))
    for size in (0, 1 << 41):
        with pytest.raises(XenscmiError, match="a guest has 1 MiB to"):
            layout.ram_banks(size)


# The device tree


def hardware(**changes: object) -> GuestHardware:
    values: dict[str, object] = {
        "xen_version": (4, 20),
        "bits": 64,
        "vcpus": 1,
        "gic_version": 3,
        "clock_frequency": 0,
        "command_line": None,
        "ramdisk": None,
        "seed": b"1234",
        "banks": [(RAM, 16 * MIB)],
        "regions": [],
        "vpl011": False,
        "optee": False,
    }
    return GuestHardware(**{**values, **changes})  # type: ignore[arg-type]


def partial(text: str) -> Tree:
    return parse_dts(f"/dts-v1/;\n/ {{ {text} }};".encode(), name="partial.dts", directory=Path())


def test_the_tree_is_what_was_asked_for() -> None:
    tree = make_guest_tree(
        hardware(vcpus=18, command_line="quiet", ramdisk=(1, 2), vpl011=True, optee=True, clock_frequency=5)
    )
    assert [node.path for node in tree.root.children] == [
        *("/chosen", "/cpus", "/psci", "/memory@40000000", "/interrupt-controller@3001000", "/timer", "/hypervisor"),
        *("/sbsa-pl011", "/firmware"),
    ]
    cpus = tree.node("/cpus")
    assert cpus is not None
    names = [node.name for node in cpus.children]
    assert names[:2] + names[15:] == ["cpu@0", "cpu@1", "cpu@f", "cpu@100", "cpu@101"]
    again = read_dtb(write_dtb(tree), "again")
    assert write_dts(again) == write_dts(tree)
    text = write_dts(tree)
    assert 'compatible = "arm,gic-v3"' in text
    assert "clock-frequency = <0x5>" in text
    assert 'bootargs = "quiet"' in text


def test_what_was_not_asked_for_is_not_there() -> None:
    text = write_dts(make_guest_tree(hardware(gic_version=2, bits=32)))
    assert 'compatible = "arm,cortex-a15-gic", "arm,cortex-a9-gic"' in text
    assert "arm,armv7-timer" in text
    for absent in ("bootargs", "initrd", "sbsa", "optee", "clock-frequency", "passthrough"):
        assert absent not in text


def test_of_the_partial_tree_two_nodes_are_copied() -> None:
    tree = make_guest_tree(
        hardware(),
        partial(
            "firmware { scmi { }; }; passthrough { a { b { c = <1>; }; }; d: d { e; }; };"
            ' aliases { x = "/passthrough/d"; }; other { };'
        ),
    )
    names = [node.name for node in tree.root.children]
    assert names[-2:] == ["passthrough", "aliases"]
    assert tree.node("/passthrough/a/b") is not None
    assert tree.node("/passthrough/d") is not None
    assert "firmware" not in names
    resolved = tree.node("/passthrough/a/b")
    assert resolved is not None
    assert [each.name for each in resolved.properties] == ["c"]


def test_a_partial_tree_without_passthrough_is_refused() -> None:
    with pytest.raises(DeviceTreeError, match='Can\'t copy the node "/passthrough"'):
        make_guest_tree(hardware(), partial("soc { };"))


def test_a_partial_tree_may_not_take_the_gics_phandle() -> None:
    with pytest.raises(DeviceTreeError, match="/passthrough/a has phandle 0xfde8, which is that of the guest's"):
        make_guest_tree(hardware(), partial("passthrough { a { phandle = <65000>; }; };"))


def test_extended_regions_leave_out_memory_and_iomem() -> None:
    banks = [(RAM, 100 * MIB)]
    start = RAM + 100 * MIB
    whole = extended_regions(banks, (), 40)
    assert whole == ((start, 0x1_0000_0000 - start), (0x2_0000_0000, (1 << 40) - 0x2_0000_0000))
    hole = IomemRange(start=1, number=16, gfn=0x5_0000)
    parted = extended_regions(banks, (hole,), 32)
    assert parted == ((start, 0x5000_0000 - start), (0x5001_0000, 0x1_0000_0000 - 0x5001_0000))
    close = IomemRange(start=1, number=1, gfn=(start >> 12) + 1)
    assert extended_regions(banks, (close,), 32) == ((start + 0x2000, 0x1_0000_0000 - start - 0x2000),)


def test_registers_of_the_first_vcpu() -> None:
    context = first_vcpu_context(64, 0x4008_0000, 0x4800_0000)
    assert len(context) == 352
    assert struct.unpack_from("<I4x4Q", context) == (1, 0x4800_0000, 0, 0, 0)
    assert struct.unpack_from("<QQ", context, 8 + 31 * 8) == (0x4008_0000, 0x3C5)
    old = first_vcpu_context(32, 0x4000_8000, 0x4800_0000)
    assert struct.unpack_from("<I4x4Q", old) == (1, 0, 0xFFFF_FFFF, 0x4800_0000, 0)


# Files


def test_files_are_named_where_they_are_wrong(tmp_path: Path) -> None:
    kernel = tmp_path / "Image"
    kernel.write_bytes(image())
    good = f'name = "g"\nkernel = "{kernel}"\nmemory = 16\n'
    assert read_guest_files(make_spec(good)).kernel.bits == 64
    bad = [
        ('ramdisk = "/nothing"', "/nothing cannot be loaded: No such file or directory"),
        (f'ramdisk = "{tmp_path}"', "it is not a file"),
        (f'device_tree = "{kernel}"', "this is not a valid DTB"),
        (f'kernel = "{tmp_path}"', "it is not a file"),
    ]
    for line, message in bad:
        with pytest.raises(XenscmiError, match=message) as caught:
            read_guest_files(make_spec(f"{good}{line}\n"))
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.span is not None
        assert diagnostic.span.line == 4
