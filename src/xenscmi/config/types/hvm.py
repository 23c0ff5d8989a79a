"""Types for HVM guests. Arm has no such guests, but xl reads their configurations anyway."""

from __future__ import annotations

from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.enums import (
    BiosType,
    GfxPassthruKind,
    Hdtype,
    RdmReservePolicy,
    RdmReserveStrategy,
    SmbiosType,
    TimerMode,
    VendorDevice,
    VgaInterfaceType,
)


class Smbios(Struct):
    """One SMBIOS string (libxl_smbios)."""

    key: SmbiosType | None = f.enum_unset(SmbiosType)
    value: str | None = f.string()


class VgaInterfaceInfo(Struct):
    """The graphics card (libxl_vga_interface_info)."""

    kind: VgaInterfaceType = f.enum(VgaInterfaceType.UNKNOWN)


class VncInfo(Struct):
    """A VNC console (libxl_vnc_info)."""

    enable: bool | None = f.defbool()
    listen: str | None = f.string()
    passwd: str | None = f.string()
    display: int = f.integer()
    findunused: bool | None = f.defbool()


class SdlInfo(Struct):
    """An SDL console (libxl_sdl_info)."""

    enable: bool | None = f.defbool()
    opengl: bool | None = f.defbool()
    display: str | None = f.string()
    xauthority: str | None = f.string()


class SpiceInfo(Struct):
    """A SPICE console (libxl_spice_info)."""

    enable: bool | None = f.defbool()
    port: int = f.integer()
    tls_port: int = f.integer()
    host: str | None = f.string()
    disable_ticketing: bool | None = f.defbool()
    passwd: str | None = f.string()
    agent_mouse: bool | None = f.defbool()
    vdagent: bool | None = f.defbool()
    clipboard_sharing: bool | None = f.defbool()
    usbredirection: int = f.integer()
    image_compression: str | None = f.string()
    streaming_video: str | None = f.string()


class RdmReserve(Struct):
    """Reserved device memory (libxl_rdm_reserve)."""

    strategy: RdmReserveStrategy = f.enum(RdmReserveStrategy.IGNORE)
    policy: RdmReservePolicy = f.enum(RdmReservePolicy.INVALID)


class BuildHvm(Struct):
    """What only HVM guests have (b_info.u.hvm); on Arm there are none, but xl parses it."""

    firmware: str | None = f.string()
    bios: BiosType = f.enum(BiosType.UNKNOWN)
    pae: bool | None = f.defbool()
    apic: bool | None = f.defbool()
    acpi: bool | None = f.defbool()
    acpi_s3: bool | None = f.defbool()
    acpi_s4: bool | None = f.defbool()
    acpi_laptop_slate: bool | None = f.defbool()
    nx: bool | None = f.defbool()
    viridian: bool | None = f.defbool()
    viridian_enable: int = f.bitmap()
    viridian_disable: int = f.bitmap()
    timeoffset: str | None = f.string()
    hpet: bool | None = f.defbool()
    vpt_align: bool | None = f.defbool()
    mmio_hole_memkb: int = f.memkb()
    timer_mode: TimerMode = f.enum(TimerMode.UNKNOWN)
    nested_hvm: bool | None = f.defbool()
    altp2m: bool | None = f.defbool()
    system_firmware: str | None = f.string()
    smbios_firmware: str | None = f.string()
    smbios: tuple[Smbios, ...] = f.array_of(Smbios)
    acpi_firmware: str | None = f.string()
    hdtype: Hdtype = f.enum(Hdtype.IDE)
    nographic: bool | None = f.defbool()
    vga: VgaInterfaceInfo = f.struct(VgaInterfaceInfo)
    vnc: VncInfo = f.struct(VncInfo)
    keymap: str | None = f.string()
    sdl: SdlInfo = f.struct(SdlInfo)
    spice: SpiceInfo = f.struct(SpiceInfo)
    gfx_passthru: bool | None = f.defbool()
    gfx_passthru_kind: GfxPassthruKind = f.enum(GfxPassthruKind.DEFAULT)
    serial: str | None = f.string()
    boot: str | None = f.string()
    usb: bool | None = f.defbool()
    usbversion: int = f.integer()
    usbdevice: str | None = f.string()
    vkb_device: bool | None = f.defbool()
    soundhw: str | None = f.string()
    xen_platform_pci: bool | None = f.defbool()
    xen_platform_pci_bar_uc: bool | None = f.defbool()
    usbdevice_list: tuple[str, ...] = f.string_list()
    vendor_device: VendorDevice = f.enum(VendorDevice.NONE)
    ms_vm_genid: bytes = f.ms_vm_genid()
    serial_list: tuple[str, ...] = f.string_list()
    rdm: RdmReserve = f.struct(RdmReserve)
    rdm_mem_boundary_memkb: int = f.memkb()
    mca_caps: int = f.uint64()
    pirq: bool | None = f.defbool()
