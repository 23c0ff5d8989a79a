"""Options of HVM guests. Arm has no such guests, but xl reads their configurations anyway.

The rows of this module are read for type hvm only.
"""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL
from xenscmi.config.options.table import (
    KIB_PER_MIB,
    Build,
    Option,
    boolean,
    choice,
    companion,
    custom,
    member,
    number,
    one_of,
    string,
)
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import (
    BiosType,
    GfxPassthruKind,
    Hdtype,
    SmbiosType,
    VendorDevice,
    VgaInterfaceType,
    ViridianEnlightenment,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_U = "b_info.u"
_MMIO_HOLE_KIB = (0x10000000 // 1024, 0xF0000000 // 1024)
_MCA_CAP_LMCE = 1
_VIRIDIAN_BITS = 64
_MOST_OEM_STRINGS = 99
_VGA = {
    "stdvga": VgaInterfaceType.STD,
    "cirrus": VgaInterfaceType.CIRRUS,
    "none": VgaInterfaceType.NONE,
    "qxl": VgaInterfaceType.QXL,
}


@custom("kernel", "string", "b_info.kernel", "hvmloader is ignored here.")
def _hvmloader(build: Build) -> None:
    kernel = build.reader.string_value("kernel")
    if kernel is not None and kernel.text.rpartition("/")[2] == "hvmloader":
        build.warn(
            'WARNING: you seem to be using "kernel" directive to override HVM guest firmware. Ignore that. Use'
            ' "firmware_override" instead if you really want a non-default firmware',
            kernel.span,
            "remove kernel, or name the firmware by firmware_override",
        )
        build.set("b_info.kernel", None, kernel.span)


@custom("bios", "`rombios`, `seabios`, `ovmf`", f"{_U}.bios", "BIOS.")
def _bios(build: Build) -> None:
    text = build.text("bios")
    if text is not None:
        bios = member(build, text, BiosType, 'ERROR: invalid value "{}" for "bios"')
        build.set(f"{_U}.bios", bios, text.value.span)
        return
    path = build.reader.string_value("bios_path_override")
    if path is not None:
        build.warn("WARNING: bios_path_override given without specific bios name", path.span, "add bios")


@custom("viridian", "list of strings, or boolean", f"{_U}.viridian", "Hyper-V enlightenments.")
def _viridian(build: Build) -> None:
    found = build.reader.list_value("viridian", quiet=True)
    if found is None:
        given = build.reader.long("viridian", quiet=True)
        if given is not None:
            build.set(f"{_U}.viridian", bool(given), build.span("viridian"))
        return
    enable = disable = 0
    items = list(build.strings("viridian") or ())
    if len(items) < len(found.items):
        help_text = "write it as a string; the real xl crashes here"
        build.fail("xl: unknown viridian enlightenment", found.items[len(items)].span, help_text)
    for item in items:
        if item.text == "all":
            enable = (1 << _VIRIDIAN_BITS) - 1
        elif item.text == "defaults":
            build.set(f"{_U}.viridian", True, item.value.span)
        else:
            off = item.text.startswith("!")
            message = "xl: unknown viridian enlightenment '{}'"
            name = item.slice(1) if off else item
            bit = 1 << member(build, name, ViridianEnlightenment, message, EXIT_ERROR_FAIL).value
            enable, disable = (enable & ~bit, disable | bit) if off else (enable | bit, disable & ~bit)
    build.set(f"{_U}.viridian_enable", enable, found.span)
    build.set(f"{_U}.viridian_disable", disable, found.span)


@custom("mmio_hole", "number", f"{_U}.mmio_hole_memkb", "Size of the MMIO hole below 4 GiB, in MiB.")
def _mmio_hole(build: Build) -> None:
    found = build.text("mmio_hole")
    given = build.reader.long("mmio_hole")
    if found is None or given is None:
        return
    low, high = _MMIO_HOLE_KIB
    if not low <= given * KIB_PER_MIB <= high:
        build.fail(f'ERROR: invalid value {given} for "mmio_hole"', found.span, "write 256 to 3840 (MiB)")
    build.set(f"{_U}.mmio_hole_memkb", given * KIB_PER_MIB, found.value.span)


@custom("altp2mhvm", "boolean", f"{_U}.altp2m", "Old name of `altp2m`.")
def _altp2mhvm(build: Build) -> None:
    found = build.text("altp2mhvm")
    given = build.reader.long("altp2mhvm")
    if found is not None and given is not None:
        build.set(f"{_U}.altp2m", bool(given), found.value.span)
        message = 'WARNING: Specifying "altp2mhvm" is deprecated. Please use "altp2m" instead.'
        build.warn(message, found.span, 'write altp2m = "mixed"')


@custom("smbios", "list of `NAME=TEXT`", f"{_U}.smbios", "SMBIOS strings.")
def _smbios(build: Build) -> None:
    span = build.span("smbios")
    found = build.reader.list_value("smbios")
    if span is None:
        return
    if found is None:
        build.fail("xl: Unable to parse smbios options.", span, 'write smbios = [ "NAME=TEXT" ]')
    items = list(build.strings("smbios") or ())
    if len(items) < len(found.items):
        message = f"xl: Unable to get element #{len(items)} in smbios list"
        build.fail(message, found.items[len(items)].span, "write it as a string")
    values = [_smbios_item(build, item) for item in items]
    oem = [item for item, value in zip(items, values, strict=True) if value["key"] is SmbiosType.OEM]
    if len(oem) > _MOST_OEM_STRINGS:
        message = f"xl: smbios limited to {_MOST_OEM_STRINGS} oem strings"
        build.fail(message, oem[_MOST_OEM_STRINGS].span, "remove some of them")
    build.set_items(f"{_U}.smbios", values, span, found.items)


def _smbios_item(build: Build, item: Text) -> dict[str, Any]:
    parts = item.split("=")
    if parts is None:
        build.fail(f"xl: failed to split \"{item.text}\" at '='", item.span, "write it as NAME=TEXT")
    name, text = parts
    if not text.text:
        build.fail(f'xl: empty value not allowed for smbios "{name.text}="', item.span, "write it as NAME=TEXT")
    return {"key": member(build, name, SmbiosType, "xl: unknown smbios type '{}'"), "value": text.text}


@custom("ms_vm_genid", "`generate`, `none`", f"{_U}.ms_vm_genid", "VM generation id.")
def _ms_vm_genid(build: Build) -> None:
    found = build.text("ms_vm_genid")
    if found is None or found.text == "none":
        return
    if found.text != "generate":
        message = 'ERROR: "ms_vm_genid" option must be "generate" or "none"'
        build.fail(message, found.span, "write one of: generate, none")
    build.set(f"{_U}.ms_vm_genid", build.new_uuid, found.value.span)


@custom("mca_caps", "list of strings", f"{_U}.mca_caps", "Machine check capabilities.")
def _mca_caps(build: Build) -> None:
    span = build.span("mca_caps")
    found = build.reader.list_value("mca_caps", quiet=True)
    if span is None:
        return
    if found is None:
        build.fail("ERROR: unable to parse mca_caps.", span, 'write mca_caps = [ "lmce" ]', EXIT_ERROR_FAIL)
    items = list(map(Text, found.leading_strings()))
    if len(items) < len(found.items):
        help_text = "write it as a string; the real xl crashes here"
        build.fail("ERROR: unrecognized MCA capability", found.items[len(items)].span, help_text, EXIT_ERROR_FAIL)
    for item in items:
        if item.text != "lmce":
            message = f"ERROR: unrecognized MCA capability '{item.text}'."
            build.fail(message, item.span, "write lmce", EXIT_ERROR_FAIL)
        build.set(f"{_U}.mca_caps", _MCA_CAP_LMCE, item.value.span)


@custom("firmware", "string", f"{_U}.bios", "Firmware by name, or its path.")
def _firmware(build: Build) -> None:
    found = build.text("firmware")
    if found is None:
        return
    bios = BiosType.from_string(found.text)
    if bios is not None:
        build.set(f"{_U}.bios", bios, found.value.span)
    elif "uefi".startswith(found.text):
        build.set(f"{_U}.bios", BiosType.OVMF, found.value.span)
    elif not "bios".startswith(found.text):
        build.set(f"{_U}.firmware", found.text, found.value.span)


@custom("vga", "`stdvga`, `cirrus`, `none`, `qxl`", f"{_U}.vga.kind", "Graphics card.")
def _vga(build: Build) -> None:
    found = build.text("vga")
    if found is None:
        stdvga = build.reader.long("stdvga")
        if stdvga is not None:
            kind = VgaInterfaceType.STD if stdvga else VgaInterfaceType.CIRRUS
            build.set(f"{_U}.vga.kind", kind, build.span("stdvga"))
    elif found.text in _VGA:
        build.set(f"{_U}.vga.kind", _VGA[found.text], found.value.span)
    else:
        build.fail(f'Unknown vga "{found.text}" specified', found.span, one_of(iter(_VGA)))


@custom("gfx_passthru", "boolean, or `igd`", f"{_U}.gfx_passthru", "Pass through a graphics card.")
def _gfx_passthru(build: Build) -> None:
    given = build.reader.long("gfx_passthru", quiet=True)
    if given is not None:
        build.set(f"{_U}.gfx_passthru", bool(given), build.span("gfx_passthru"))
        return
    found = build.text("gfx_passthru")
    if found is not None:
        message = 'ERROR: invalid value "{}" for "gfx_passthru"'
        kind = member(build, found, GfxPassthruKind, message)
        build.set(f"{_U}.gfx_passthru_kind", kind, found.value.span)
        build.set(f"{_U}.gfx_passthru", True, found.value.span)


def _string_or_list(key: str, doc: str) -> Option:
    def read(build: Build) -> None:
        found = build.reader.list_value(key, quiet=True)
        if found is not None:
            texts = [item.text for item in found.leading_strings()]
            build.set_items(f"{_U}.{key}_list", texts, found.span, found.items)
            return
        one = build.reader.string(key)
        if one is not None:
            build.set(f"{_U}.{key}", one, build.span(key))

    return Option(key=key, takes="string, or list of strings", sets=f"{_U}.{key}", doc=doc, read=read)


def _boolean(key: str, doc: str) -> Option:
    return boolean(key, f"{_U}.{key}", doc)


def _after(check: Callable[[Build], None], option: Option) -> Option:
    """An option with a check of earlier ones before it."""

    def read(build: Build) -> None:
        check(build)
        option.read(build)

    return option.replace(read=read)


def _check_vnc_display(build: Build) -> None:
    listen = build.get(f"{_U}.vnc.listen")
    if listen and ":" in listen and build.get(f"{_U}.vnc.display"):
        message = "ERROR: Display specified both in vnclisten and vncdisplay!"
        build.fail(message, build.span("vncdisplay"), "remove vncdisplay, or the display from vnclisten")


EARLY = (
    _hvmloader,
    string("firmware_override", f"{_U}.firmware", "Path of the guest firmware."),
    string("bios_path_override", f"{_U}.system_firmware", "Path of the BIOS."),
    _bios,
    _boolean("pae", "Physical address extension."),
    _boolean("acpi_s3", "ACPI S3."),
    _boolean("acpi_s4", "ACPI S4."),
    _boolean("acpi_laptop_slate", "ACPI laptop and slate mode."),
    _boolean("nx", "No-execute bit."),
    _boolean("hpet", "High precision event timer."),
    _boolean("vpt_align", "Align virtual timers."),
    boolean("apic", "b_info.apic", "Interrupt controller."),
    boolean("hvm_pirq", f"{_U}.pirq", "Physical interrupts through event channels."),
    _viridian,
    _mmio_hole,
    _altp2mhvm,
    string("smbios_firmware", f"{_U}.smbios_firmware", "File with SMBIOS tables."),
    string("acpi_firmware", f"{_U}.acpi_firmware", "File with ACPI tables."),
    _smbios,
    _ms_vm_genid,
    number("rdm_mem_boundary", f"{_U}.rdm_mem_boundary_memkb", "Reserved memory boundary, MiB.", times=1024),
    _mca_caps,
    _firmware,
)
LATE = (
    _vga,
    companion("stdvga", "boolean", f"{_U}.vga.kind", "Old form of `vga`."),
    choice("hdtype", f"{_U}.hdtype", Hdtype, "Disk controller.", message='ERROR: invalid value "{}" for "hdtype"'),
    string("keymap", f"{_U}.keymap", "Keyboard layout."),
    boolean("spice", f"{_U}.spice.enable", "Show the screen over SPICE."),
    number("spiceport", f"{_U}.spice.port", "SPICE port."),
    number("spicetls_port", f"{_U}.spice.tls_port", "SPICE TLS port."),
    string("spicehost", f"{_U}.spice.host", "Address on which SPICE listens."),
    boolean("spicedisable_ticketing", f"{_U}.spice.disable_ticketing", "SPICE without a password."),
    string("spicepasswd", f"{_U}.spice.passwd", "SPICE password."),
    boolean("spiceagent_mouse", f"{_U}.spice.agent_mouse", "SPICE mouse by the agent."),
    boolean("spicevdagent", f"{_U}.spice.vdagent", "SPICE agent."),
    boolean("spice_clipboard_sharing", f"{_U}.spice.clipboard_sharing", "SPICE clipboard."),
    number("spiceusbredirection", f"{_U}.spice.usbredirection", "SPICE USB channels."),
    string("spice_image_compression", f"{_U}.spice.image_compression", "SPICE image compression."),
    string("spice_streaming_video", f"{_U}.spice.streaming_video", "SPICE video."),
    _boolean("nographic", "No screen."),
    _gfx_passthru,
    _string_or_list("serial", "Serial ports."),
    string("boot", f"{_U}.boot", "Boot order."),
    _boolean("usb", "USB bus."),
    number("usbversion", f"{_U}.usbversion", "USB version."),
    _string_or_list("usbdevice", "USB devices."),
    _boolean("vkb_device", "PV keyboard."),
    string("soundhw", f"{_U}.soundhw", "Sound card."),
    _boolean("xen_platform_pci", "Xen platform device."),
    _boolean("xen_platform_pci_bar_uc", "Its BAR uncached."),
    _after(
        _check_vnc_display,
        choice(
            "vendor_device",
            f"{_U}.vendor_device",
            VendorDevice,
            "Vendor's platform device.",
            message="xl: unknown vendor_device '{}'",
            exit_code=EXIT_ERROR_FAIL,
        ),
    ),
)
