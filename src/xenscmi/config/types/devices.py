"""Disks, passed-through devices and other devices of a domain."""

from __future__ import annotations

from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.enums import (
    ChannelConnection,
    DiskBackend,
    DiskFormat,
    DiskSpecification,
    DiskTransport,
    P9Type,
    RdmReservePolicy,
    UsbctrlType,
    UsbdevType,
    VirtioTransport,
)


class DeviceDisk(Struct):
    """A disk; `irq` and `base` are libxl's own, for virtio-mmio (libxl_device_disk)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    pdev_path: str | None = f.string()
    vdev: str | None = f.string()
    backend: DiskBackend = f.enum(DiskBackend.UNKNOWN)
    format: DiskFormat = f.enum(DiskFormat.UNKNOWN)
    script: str | None = f.string()
    removable: int = f.integer()
    readwrite: int = f.integer()
    is_cdrom: int = f.integer()
    direct_io_safe: bool = f.boolean()
    discard_enable: bool | None = f.defbool()
    specification: DiskSpecification = f.enum(DiskSpecification.UNKNOWN)
    transport: DiskTransport = f.enum(DiskTransport.UNKNOWN)
    irq: int = f.uint32()
    base: int = f.uint64()
    colo_enable: bool | None = f.defbool()
    colo_restore_enable: bool | None = f.defbool()
    colo_host: str | None = f.string()
    colo_port: int = f.integer()
    colo_export: str | None = f.string()
    active_disk: str | None = f.string()
    hidden_disk: str | None = f.string()
    trusted: bool | None = f.defbool()
    grant_usage: bool | None = f.defbool()


class DevicePci(Struct):
    """A PCI device to pass through (libxl_device_pci)."""

    func: int = f.uint8()
    dev: int = f.uint8()
    bus: int = f.uint8()
    domain: int = f.integer()
    vdevfn: int = f.uint32()
    vfunc_mask: int = f.uint32()
    msitranslate: bool = f.boolean()
    power_mgmt: bool = f.boolean()
    permissive: bool = f.boolean()
    seize: bool = f.boolean()
    rdm_policy: RdmReservePolicy = f.enum(RdmReservePolicy.INVALID)
    name: str | None = f.string()


class DeviceRdm(Struct):
    """A range of reserved device memory (libxl_device_rdm)."""

    start: int = f.uint64()
    size: int = f.uint64()
    policy: RdmReservePolicy = f.enum(RdmReservePolicy.INVALID)


class DeviceDtdev(Struct):
    """A device passed through by its path in the host's device tree (libxl_device_dtdev)."""

    path: str | None = f.string()


class DeviceVirtio(Struct):
    """A virtio device; `irq` and `base` are libxl's own (libxl_device_virtio)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    type: str | None = f.string()
    transport: VirtioTransport = f.enum(VirtioTransport.UNKNOWN)
    grant_usage: bool | None = f.defbool()
    devid: int = f.devid()
    irq: int = f.uint32()
    base: int = f.uint64()


class DeviceVtpm(Struct):
    """A TPM (libxl_device_vtpm)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    uuid: bytes = f.uuid()


class DeviceP9(Struct):
    """A shared folder (libxl_device_p9)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    tag: str | None = f.string()
    path: str | None = f.string()
    security_model: str | None = f.string()
    devid: int = f.devid()
    type: P9Type = f.enum(P9Type.UNKNOWN)
    max_space: int = f.integer()
    max_files: int = f.integer()
    max_open_files: int = f.integer()
    auto_delete: bool = f.boolean()


class DevicePvcallsif(Struct):
    """A PV Calls interface (libxl_device_pvcallsif)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()


class ChannelUnknown(Struct):
    """A channel before its connection is set."""


class ChannelPty(Struct):
    """A channel at a pseudo-terminal."""


class ChannelSocket(Struct):
    """A channel at a Unix domain socket."""

    path: str | None = f.string()


class DeviceChannel(Struct):
    """A console with a name (libxl_device_channel)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    name: str | None = f.string()
    u: ChannelUnknown | ChannelPty | ChannelSocket = f.keyed_union(
        "connection",
        {
            ChannelConnection.UNKNOWN: ChannelUnknown,
            ChannelConnection.PTY: ChannelPty,
            ChannelConnection.SOCKET: ChannelSocket,
        },
        ChannelConnection.UNKNOWN,
    )


class DeviceUsbctrl(Struct):
    """A USB controller (libxl_device_usbctrl)."""

    type: UsbctrlType = f.enum(UsbctrlType.AUTO)
    devid: int = f.devid()
    version: int = f.integer()
    ports: int = f.integer()
    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()


class UsbdevHostdev(Struct):
    """A USB device of the host."""

    hostbus: int = f.uint8()
    hostaddr: int = f.uint8()


class DeviceUsbdev(Struct):
    """A USB device (libxl_device_usbdev)."""

    ctrl: int = f.devid()
    port: int = f.integer()
    u: UsbdevHostdev | None = f.keyed_union("type", {UsbdevType.HOSTDEV: UsbdevHostdev}, None)
