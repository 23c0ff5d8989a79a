"""The device model (QEMU), CPUID policies and consoles: what x86 guests use, read as xl reads it."""

from __future__ import annotations

from xenscmi.config.options.table import Build, Option, boolean, custom, number, string, string_list
from xenscmi.config.types.enums import DeviceModelVersion, DomainType

_KIB_PER_MIB = 1024


@custom("cpuid", "string or list", "", "CPUID policy; on Arm it is read and dropped.", x86=True)
def _cpuid(build: Build) -> None:
    if build.reader.list_value("cpuid", quiet=True) is not None:
        return
    text = build.text("cpuid")
    first = next(text.tokens(","), None) if text else None
    if text and first and first.text != "host":
        build.warn(f'while parsing CPUID string: "{text.text}": error: first word must be "host"', first.span)


@custom("device_model", "string", "", "Ignored; `device_model_override` is meant.", x86=True)
def _device_model(build: Build) -> None:
    text = build.text("device_model")
    if text is not None:
        build.warn(
            'WARNING: ignoring device_model directive. Use "device_model_override" instead if you really want a'
            " non-default device_model",
            text.span,
        )


@custom("device_model_version", "`qemu-xen`", "b_info.device_model_version", "Kind of device model.", x86=True)
def _version(build: Build) -> None:
    text = build.text("device_model_version")
    if text is None:
        override = build.reader.string_value("device_model_override")
        if override is not None:
            build.warn("WARNING: device model override given without specific DM version", override.span)
        return
    if text.text != "qemu-xen":
        build.fail(f'Unknown device_model_version "{text.text}" specified', text.span, "one of: qemu-xen")
    build.set("b_info.device_model_version", DeviceModelVersion.QEMU_XEN)


def _console(key: str, group: str, field: str, doc: str, kind: str) -> Option:
    """An option of the VNC or SDL console: of an HVM guest's screen, or of a PV guest's only framebuffer.

    For PVH guests xl writes it where nobody looks.
    """

    def read(build: Build) -> None:
        if build.type is DomainType.PV and not build.get("only_vfb"):
            return
        found = build.reader.string(key) if kind == "string" else build.reader.long(key)
        if found is None:
            return
        value = bool(found) if kind == "boolean" else found
        if build.type is DomainType.HVM:
            build.set(f"b_info.u.{group}.{field}", value)
        elif build.type is DomainType.PV:
            build.get("vfbs")[0].setdefault(group, {})[field] = value

    return Option(key=key, takes=kind, sets=f"b_info.u.hvm.{group}.{field}", doc=doc, read=read, x86=True)


@custom(
    "vnc", "boolean", "b_info.u.hvm.vnc.enable", "Show the screen by VNC; gives a PV guest a framebuffer.", x86=True
)
def _vnc(build: Build) -> None:
    enabled = build.reader.long("vnc")
    if build.type is DomainType.PV and not build.get("vfbs"):
        if enabled:
            build.set("vfbs", [{"devid": 0, "vnc": {"enable": True}}])
            build.set("vkbs", [{"devid": 0}])
            build.set("only_vfb", True)
    elif build.type is DomainType.HVM and enabled is not None:
        build.set("b_info.u.vnc.enable", bool(enabled))


@custom("keymap", "string", "b_info.u.hvm.keymap", "Keyboard layout.", x86=True)
def _keymap(build: Build) -> None:
    if build.type is DomainType.HVM or build.get("only_vfb"):
        found = build.reader.string("keymap")
        if found is not None and build.type is DomainType.HVM:
            build.set("b_info.u.keymap", found)
        elif found is not None:
            build.get("vfbs")[0]["keymap"] = found
    build.values.pop("only_vfb", None)


OPTIONS = (
    _cpuid,
    _device_model,
    string("device_model_override", "b_info.device_model", "Path of the device model.", x86=True),
    _version,
    boolean("device_model_stubdomain_override", "b_info.device_model_stubdomain", "Run it in a domain.", x86=True),
    string("device_model_stubdomain_seclabel", "b_info.device_model_ssid_label", "That domain's label.", x86=True),
    string("device_model_user", "b_info.device_model_user", "User under whom the device model runs.", x86=True),
    string("stubdomain_kernel", "b_info.stubdomain_kernel", "Kernel of the device model's domain.", x86=True),
    string("stubdomain_cmdline", "b_info.stubdomain_cmdline", "Its command line.", x86=True),
    string("stubdomain_ramdisk", "b_info.stubdomain_ramdisk", "Its initial RAM disk.", x86=True),
    number("stubdomain_memory", "b_info.stubdomain_memkb", "Its memory in MiB.", times=_KIB_PER_MIB, x86=True),
    string_list("device_model_args", "b_info.extra", "More arguments of the device model.", x86=True),
    string_list("device_model_args_pv", "b_info.extra_pv", "More arguments of it for PV guests.", x86=True),
    string_list("device_model_args_hvm", "b_info.extra_hvm", "More arguments of it for HVM guests.", x86=True),
    _vnc,
    _console("vnclisten", "vnc", "listen", "Address on which VNC listens.", "string"),
    _console("vncpasswd", "vnc", "passwd", "VNC password.", "string"),
    _console("vncdisplay", "vnc", "display", "VNC display number.", "number"),
    _console("vncunused", "vnc", "findunused", "Take any free VNC display.", "boolean"),
    _console("sdl", "sdl", "enable", "Show the screen in a window.", "boolean"),
    _console("opengl", "sdl", "opengl", "Use OpenGL for it.", "boolean"),
    _console("display", "sdl", "display", "X display.", "string"),
    _console("xauthority", "sdl", "xauthority", "X authority file.", "string"),
    _keymap,
    boolean("dm_restrict", "b_info.dm_restrict", "Run the device model with few rights.", x86=True),
)
