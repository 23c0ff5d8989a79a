"""All options, a module for each group of keys.

`GROUPS` is in xl's order (tools/xl/xl_parse.c, parse_config_data): the first of several errors decides xl's exit code,
and some options depend on what earlier ones have set. A group's module is imported only if the file has one of its
keys, or if the group is always read.
"""

from __future__ import annotations

import sys

from xenscmi.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.options.table import Option


class Group(Record):
    """A table of options: its name (`module.TABLE`), its keys, and when it is read.

    `always` is for tables that set defaults or check something. `hvm` is for tables that xl reads for HVM guests only;
    their `keys` are those that no other table has.
    """

    table: str
    keys: tuple[str, ...]
    always: bool = False
    hvm: bool = False

    def rows(self) -> tuple[Option, ...]:
        """Return the rows of the table."""
        module, _, table = self.table.partition(".")
        name = f"{__name__}.{module}"
        __import__(name)  # importing importlib takes longer than importing a table
        rows: tuple[Option, ...] = getattr(sys.modules[name], table)
        return rows


def _group(table: str, keys: str, *, always: bool = False, hvm: bool = False) -> Group:
    return Group(table=table, keys=tuple(keys.split()), always=always, hvm=hvm)


GROUPS = (
    _group("identity.OPTIONS", "init_seclabel seclabel type builder hap name uuid oos pool", always=True),
    _group("xenstore.OPTIONS", "xenstore_feature_mask xenstore_quota"),
    _group("x86.PVSHIM", "pvshim pvshim_path pvshim_cmdline pvshim_extra"),
    _group("scheduling.OPTIONS", "cpu_weight cap period slice latency extratime"),
    _group("memory.OPTIONS", "memory maxmem llc_colors"),
    _group("vcpus.COUNTS", "vcpus maxvcpus", always=True),
    _group("arm.UART", "vuart"),
    _group("vcpus.AFFINITY", "vnuma cpus cpus_soft", always=True),
    _group("limits.GRANTS", "max_grant_frames max_maptrack_frames max_grant_version"),
    _group("actions.OPTIONS", "on_poweroff on_reboot on_watchdog on_crash on_soft_reset", always=True),
    _group("x86.E820", "e820_host"),
    _group(
        "passthrough.OPTIONS",
        "pci_msitranslate pci_power_mgmt pci_permissive pci_seize rdm pci dtdev passthrough",
    ),
    _group("boot.OPTIONS", "shadow_memory nomigrate tsc_mode rtc_timeoffset vncviewer localtime videoram"),
    _group("limits.EVENTS", "max_event_channels"),
    _group(
        "boot.KERNEL",
        "kernel ramdisk device_tree cmdline root extra driver_domain acpi bootloader bootloader_restrict "
        "bootloader_user bootloader_args timer_mode nestedhvm",
    ),
    _group(
        "hvm.EARLY",
        "firmware_override bios_path_override bios pae acpi_s3 acpi_s4 acpi_laptop_slate nx hpet "
        "vpt_align apic hvm_pirq viridian mmio_hole altp2mhvm smbios_firmware acpi_firmware smbios "
        "ms_vm_genid rdm_mem_boundary mca_caps",
        hvm=True,
    ),
    _group("boot.FIRMWARE", "firmware", always=True),
    _group("tuning.OPTIONS", "altp2m altp2m_count vmtrace_buf_kb"),
    _group("ranges.OPTIONS", "ioports irqs iomem"),
    _group("disks.OPTIONS", "disk"),
    _group("devices.OPTIONS", "p9 vtpm"),
    _group("media.DISPLAYS", "vdispl"),
    _group("devices.CALLS", "pvcalls"),
    _group("sound.OPTIONS", "vsnd"),
    _group("devices.CHANNELS", "channel"),
    _group("network.OPTIONS", "vif vif2"),
    _group("media.FRAMEBUFFERS", "vfb"),
    _group("devices.USB", "usbctrl usbdev"),
    _group(
        "devicemodel.OPTIONS",
        "cpuid device_model device_model_override device_model_version device_model_stubdomain_override "
        "device_model_stubdomain_seclabel device_model_user stubdomain_kernel stubdomain_cmdline "
        "stubdomain_ramdisk stubdomain_memory device_model_args device_model_args_pv device_model_args_hvm "
        "vnc vnclisten vncpasswd vncdisplay vncunused sdl opengl display xauthority keymap dm_restrict",
    ),
    _group(
        "hvm.LATE",
        "vga stdvga hdtype spice spiceport spicetls_port spicehost spicedisable_ticketing spicepasswd "
        "spiceagent_mouse spicevdagent spice_clipboard_sharing spiceusbredirection spice_image_compression "
        "spice_streaming_video nographic gfx_passthru serial boot usb usbversion usbdevice vkb_device soundhw "
        "xen_platform_pci xen_platform_pci_bar_uc vendor_device",
        hvm=True,
    ),
    _group("arm.OPTIONS", "gic_version tee sve nr_spis trap_unmapped_accesses arm_sci"),
    _group("media.KEYBOARDS", "vkb"),
    _group("devices.VIRTIO", "virtio"),
    _group("x86.LATE", "xend_suspend_evtchn_compat msr_relaxed"),
    _group("arm.COUNTERS", "vpmu"),
)

KEYS = frozenset(key for group in GROUPS for key in group.keys)
