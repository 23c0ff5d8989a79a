"""The configuration of a domain as a whole."""

from __future__ import annotations

from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.build import DomainBuildInfo
from xenscmi.config.types.create import DomainCreateInfo
from xenscmi.config.types.devices import (
    DeviceChannel,
    DeviceDisk,
    DeviceDtdev,
    DeviceP9,
    DevicePci,
    DevicePvcallsif,
    DeviceRdm,
    DeviceUsbctrl,
    DeviceUsbdev,
    DeviceVirtio,
    DeviceVtpm,
)
from xenscmi.config.types.enums import ActionOnShutdown
from xenscmi.config.types.media import DeviceVdispl, DeviceVfb, DeviceVkb, DeviceVsnd
from xenscmi.config.types.nic import DeviceNic


class DomainConfig(Struct):
    """The whole configuration of a domain (libxl_domain_config)."""

    c_info: DomainCreateInfo = f.struct(DomainCreateInfo)
    b_info: DomainBuildInfo = f.struct(DomainBuildInfo)
    disks: tuple[DeviceDisk, ...] = f.array_of(DeviceDisk)
    nics: tuple[DeviceNic, ...] = f.array_of(DeviceNic)
    pcidevs: tuple[DevicePci, ...] = f.array_of(DevicePci)
    rdms: tuple[DeviceRdm, ...] = f.array_of(DeviceRdm)
    dtdevs: tuple[DeviceDtdev, ...] = f.array_of(DeviceDtdev)
    vfbs: tuple[DeviceVfb, ...] = f.array_of(DeviceVfb)
    vkbs: tuple[DeviceVkb, ...] = f.array_of(DeviceVkb)
    virtios: tuple[DeviceVirtio, ...] = f.array_of(DeviceVirtio)
    vtpms: tuple[DeviceVtpm, ...] = f.array_of(DeviceVtpm)
    p9s: tuple[DeviceP9, ...] = f.array_of(DeviceP9)
    pvcallsifs: tuple[DevicePvcallsif, ...] = f.array_of(DevicePvcallsif)
    vdispls: tuple[DeviceVdispl, ...] = f.array_of(DeviceVdispl)
    vsnds: tuple[DeviceVsnd, ...] = f.array_of(DeviceVsnd)
    channels: tuple[DeviceChannel, ...] = f.array_of(DeviceChannel)
    usbctrls: tuple[DeviceUsbctrl, ...] = f.array_of(DeviceUsbctrl)
    usbdevs: tuple[DeviceUsbdev, ...] = f.array_of(DeviceUsbdev)
    on_poweroff: ActionOnShutdown = f.enum(ActionOnShutdown.DESTROY)
    on_reboot: ActionOnShutdown = f.enum(ActionOnShutdown.DESTROY)
    on_watchdog: ActionOnShutdown = f.enum(ActionOnShutdown.DESTROY)
    on_crash: ActionOnShutdown = f.enum(ActionOnShutdown.DESTROY)
    on_soft_reset: ActionOnShutdown = f.enum(ActionOnShutdown.DESTROY)
