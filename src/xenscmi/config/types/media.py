"""Displays, keyboards and sound of a domain."""

from __future__ import annotations

from xenscmi.config.idl import kinds as f
from xenscmi.config.idl.struct import Struct
from xenscmi.config.types.enums import VkbBackend, VsndPcmFormat, VsndStreamType
from xenscmi.config.types.hvm import SdlInfo, VncInfo


class DeviceVfb(Struct):
    """A framebuffer (libxl_device_vfb)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    vnc: VncInfo = f.struct(VncInfo)
    sdl: SdlInfo = f.struct(SdlInfo)
    keymap: str | None = f.string()


class DeviceVkb(Struct):
    """A keyboard and pointer (libxl_device_vkb)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    backend_type: VkbBackend = f.enum(VkbBackend.UNKNOWN)
    unique_id: str | None = f.string()
    feature_disable_keyboard: bool = f.boolean()
    feature_disable_pointer: bool = f.boolean()
    feature_abs_pointer: bool = f.boolean()
    feature_raw_pointer: bool = f.boolean()
    feature_multi_touch: bool = f.boolean()
    width: int = f.uint32()
    height: int = f.uint32()
    multi_touch_width: int = f.uint32()
    multi_touch_height: int = f.uint32()
    multi_touch_num_contacts: int = f.uint32()


class ConnectorParam(Struct):
    """One output of a display (libxl_connector_param)."""

    unique_id: str | None = f.string()
    width: int = f.uint32()
    height: int = f.uint32()


class DeviceVdispl(Struct):
    """A display (libxl_device_vdispl)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    be_alloc: bool = f.boolean()
    connectors: tuple[ConnectorParam, ...] = f.array_of(ConnectorParam)


class VsndParams(Struct):
    """What a sound card, device or stream can do (libxl_vsnd_params)."""

    sample_rates: tuple[int, ...] = f.array(f.uint32())
    sample_formats: tuple[VsndPcmFormat, ...] = f.array(f.enum_unset(VsndPcmFormat))
    channels_min: int = f.uint32()
    channels_max: int = f.uint32()
    buffer_size: int = f.uint32()


class VsndStream(Struct):
    """One stream of a sound device (libxl_vsnd_stream)."""

    unique_id: str | None = f.string()
    type: VsndStreamType | None = f.enum_unset(VsndStreamType)
    params: VsndParams = f.struct(VsndParams)


class VsndPcm(Struct):
    """One device of a sound card (libxl_vsnd_pcm)."""

    name: str | None = f.string()
    params: VsndParams = f.struct(VsndParams)
    streams: tuple[VsndStream, ...] = f.array_of(VsndStream)


class DeviceVsnd(Struct):
    """A sound card (libxl_device_vsnd)."""

    backend_domid: int = f.domid()
    backend_domname: str | None = f.string()
    devid: int = f.devid()
    short_name: str | None = f.string()
    long_name: str | None = f.string()
    params: VsndParams = f.struct(VsndParams)
    pcms: tuple[VsndPcm, ...] = f.array_of(VsndPcm)
