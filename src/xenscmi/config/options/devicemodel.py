"""The device model (QEMU), CPUID policies and consoles, which x86 guests use."""

from __future__ import annotations

from xenscmi.config.options.table import (
    KIB_PER_MIB,
    Build,
    Fields,
    Option,
    boolean,
    companion,
    custom,
    number,
    string,
    string_list,
)
from xenscmi.config.spans import Spans
from xenscmi.config.types.enums import DeviceModelVersion, DomainType


@custom("cpuid", "string or list", "", "CPUID policy; on Arm it is read and dropped.", x86=True)
def _cpuid(build: Build) -> None:
    if build.reader.list_value("cpuid", quiet=True) is not None:
        return
    text = build.text("cpuid")
    first = next(text.tokens(","), None) if text else None
    if text and first and first.text != "host":
        message = f'while parsing CPUID string: "{text.text}": error: first word must be "host"'
        build.warn(message, first.span, "remove it: there is no CPUID on Arm")


@custom("device_model", "string", "", "Ignored; use `device_model_override`.", x86=True)
def _device_model(build: Build) -> None:
    text = build.text("device_model")
    if text is not None:
        build.warn(
            'WARNING: ignoring device_model directive. Use "device_model_override" instead if you really want a'
            " non-default device_model",
            text.span,
            "remove it",
        )
        if "stubdom-dm" in text.text:
            message = 'WARNING: ignoring "device_model_stubdomain_override" directive for pv guest'
            if build.type is DomainType.HVM:
                message = 'WARNING: Or use "device_model_stubdomain_override" if you  want to enable stubdomains'
            build.warn(message, text.span, "remove it")


@custom("device_model_version", "`qemu-xen`", "b_info.device_model_version", "Kind of device model.")
def _version(build: Build) -> None:
    text = build.text("device_model_version")
    if text is None:
        override = build.reader.string_value("device_model_override")
        if override is not None:
            message = "WARNING: device model override given without specific DM version"
            build.warn(message, override.span, 'add device_model_version = "qemu-xen"')
        return
    if text.text != "qemu-xen":
        build.fail(f'Unknown device_model_version "{text.text}" specified', text.span, "write qemu-xen")
    build.set("b_info.device_model_version", DeviceModelVersion.QEMU_XEN, text.value.span)


# The options of the VNC and SDL consoles: key, field, kind of value, meaning.
_CONSOLES = {
    "vnc": (
        ("vnc", "enable", "boolean", "Show the screen over VNC; gives a PV guest a framebuffer."),
        ("vnclisten", "listen", "string", "Address on which VNC listens."),
        ("vncpasswd", "passwd", "string", "VNC password."),
        ("vncdisplay", "display", "number", "VNC display number."),
        ("vncunused", "findunused", "boolean", "Use any free VNC display."),
    ),
    "sdl": (
        ("sdl", "enable", "boolean", "Show the screen in a window."),
        ("opengl", "opengl", "boolean", "Use OpenGL for the window."),
        ("display", "display", "string", "X display."),
        ("xauthority", "xauthority", "string", "X authority file."),
    ),
}


def _read_consoles(build: Build) -> None:
    """Read the consoles of an HVM guest's screen, or of a PV guest's only framebuffer.

    xl reads them for PVH guests too, but does not use them.
    """
    reader = build.reader
    if build.type is DomainType.PV and (build.get("vfbs") or not reader.long("vnc")):
        return
    screen, path = (build, "b_info.u.") if build.type is DomainType.HVM else (Fields(Spans()), "")
    span = build.span("vnc")
    if build.type is DomainType.PV and span:
        screen = build.append("vfbs", span)
        screen.set("devid", 0, span)
        build.append("vkbs", span).set("devid", 0, span)
    for group, rows in _CONSOLES.items():
        for key, field, kind, _ in rows:
            found = reader.string(key) if kind == "string" else reader.long(key)
            if found is not None:
                screen.set(f"{path}{group}.{field}", bool(found) if kind == "boolean" else found, build.span(key))
    if build.type is DomainType.PV:
        screen.set("keymap", reader.string("keymap"), build.span("keymap"))


def _console_options() -> tuple[Option, ...]:
    """Return a row for each key; the first one reads all keys."""
    rows = [(group, *row) for group, options in _CONSOLES.items() for row in options]
    options = [
        companion(key, kind, f"b_info.u.{group}.{field}", doc, x86=True) for group, key, field, kind, doc in rows
    ]
    return (options[0].replace(read=_read_consoles), *options[1:])


OPTIONS = (
    _cpuid,
    _device_model,
    string("device_model_override", "b_info.device_model", "Path of the device model; on Arm it serves vfb and disks."),
    _version,
    boolean(
        "device_model_stubdomain_override",
        "b_info.device_model_stubdomain",
        "Run the device model in a domain.",
        x86=True,
    ),
    string(
        "device_model_stubdomain_seclabel", "b_info.device_model_ssid_label", "Security label of that domain.", x86=True
    ),
    string("device_model_user", "b_info.device_model_user", "User as whom the device model runs.", x86=True),
    string("stubdomain_kernel", "b_info.stubdomain_kernel", "Kernel of the device model's domain.", x86=True),
    string("stubdomain_cmdline", "b_info.stubdomain_cmdline", "Command line of that kernel.", x86=True),
    string("stubdomain_ramdisk", "b_info.stubdomain_ramdisk", "Initial RAM disk of that kernel.", x86=True),
    number(
        "stubdomain_memory", "b_info.stubdomain_memkb", "Memory of that domain, in MiB.", times=KIB_PER_MIB, x86=True
    ),
    string_list("device_model_args", "b_info.extra", "More arguments for the device model."),
    string_list("device_model_args_pv", "b_info.extra_pv", "More arguments for PV and PVH guests."),
    string_list("device_model_args_hvm", "b_info.extra_hvm", "More arguments for HVM guests.", x86=True),
    *_console_options(),
    companion("keymap", "string", "b_info.u.keymap", "Keyboard layout.", x86=True),
    boolean("dm_restrict", "b_info.dm_restrict", "Run the device model with reduced privileges.", x86=True),
)
