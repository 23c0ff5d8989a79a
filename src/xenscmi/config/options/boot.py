"""What the domain boots, and its clocks."""

from __future__ import annotations

from xenscmi.config.errors import EXIT_ERROR_FAIL
from xenscmi.config.options.table import (
    KIB_PER_MIB,
    Build,
    Option,
    boolean,
    companion,
    custom,
    number,
    one_of,
    string,
)
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import DomainType, TimerMode, TscMode
from xenscmi.xlcfg.numbers import signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.config.idl.enumeration import Enumeration

_XENFIRMWAREDIR = "/usr/local/lib/xen/boot"


def _mode(key: str, kind: type[Enumeration], highest: Enumeration, doc: str) -> Option:
    """An enumerator by name, or by number, which xl calls deprecated; `highest` is the last number that xl accepts."""

    def read(build: Build) -> None:
        given = build.reader.long(key, quiet=True)
        text = build.text(key, quiet=given is not None)
        if text is None:
            return
        if key == "timer_mode" and build.type is DomainType.PV:
            message = 'ERROR: "timer_mode" option is not supported for PV guests.'
            build.fail(message, text.span, "remove it", EXIT_ERROR_FAIL)
        mode = kind.from_string(text.text) if given is None else _numbered(build, given, text)
        if mode is None or (given is not None and not 0 <= given <= highest.value):
            shown = f'"{text.text}"' if given is None else str(given)
            names = one_of(one.text for one in kind if one.value >= 0)
            build.fail(f'ERROR: invalid value {shown} for "{key}"', text.span, names)
        build.set(f"b_info.{key}", mode, text.value.span)

    def _numbered(build: Build, given: int, text: Text) -> Enumeration | None:
        shown = next((one for one in kind if one.value == signed(given, 32)), None)
        example = f'e.g. {key}="{shown.text}"' if shown else ""
        message = f'WARNING: specifying "{key}" as an integer is deprecated. Please use the named parameter variant.'
        build.warn(f"{message} {example}", text.span, one_of(one.text for one in kind if one.value >= 0))
        return next((one for one in kind if one.value == given), None)

    names = ", ".join(f"`{one.text}`" for one in kind if one.value >= 0)
    return Option(key=key, takes=names, sets=f"b_info.{key}", doc=doc, read=read, x86=True)


@custom("vncviewer", "number", "", "Ignored: `xl create -V` starts a viewer.")
def _vncviewer(build: Build) -> None:
    if build.reader.long("vncviewer") is not None:
        build.warn(
            'WARNING: ignoring "vncviewer" option. Use "-V" option of "xl create" to automatically spawn vncviewer.',
            build.span("vncviewer"),
            "remove it",
        )


@custom(
    "cmdline", "string", "b_info.cmdline", "Command line of the kernel; if it is given, `root` and `extra` are ignored."
)
def _cmdline(build: Build) -> None:
    cmdline = build.text("cmdline")
    root = build.reader.string("root")
    extra = build.reader.string("extra")
    if cmdline is not None:
        build.set("b_info.cmdline", cmdline.text, cmdline.value.span)
        if root is not None or extra is not None:
            build.warn(
                "Warning: ignoring root= and extra= in favour of cmdline=", cmdline.span, "put everything into cmdline"
            )
    elif root is not None or extra is not None:
        parts = ([] if root is None else [f"root={root}"]) + ([] if extra is None else [extra])
        span = build.span("root" if extra is None else "extra")
        build.set("b_info.cmdline", " ".join(parts), span)


@custom("bootloader_args", "list of strings", "b_info.bootloader_args", "Arguments of the bootloader.")
def _bootloader_args(build: Build) -> None:
    found = build.reader.list_value("bootloader_args", quiet=True)
    if found is not None:
        arguments = [item.text for item in found.leading_strings()]
        build.set_items("b_info.bootloader_args", arguments, found.span, found.items)
        return
    text = build.text("bootloader_args")
    if text is not None:
        message = 'WARNING: Specifying "bootloader_args" as a string is deprecated. Please use a list of arguments.'
        build.warn(message, text.span, 'write bootloader_args = [ "…" ]')
        pieces = build.split(text, " \t\n")
        build.set("b_info.bootloader_args", [piece.text for piece in pieces], text.value.span)


@custom("firmware", "`pvgrub32`, `pvgrub64`", "b_info.kernel", "Boot this instead of a kernel (x86 only).", x86=True)
def _firmware(build: Build) -> None:
    if build.type is DomainType.HVM:
        return
    text = build.text("firmware")
    if text is not None:
        if build.get("b_info.kernel") is not None:
            build.fail("ERROR: both kernel and firmware specified", text.span, "remove one of the two")
        if not any(name.startswith(text.text) for name in ("pvgrub32", "pvgrub64")):
            message = "ERROR: only pvgrub{32|64} supported as firmware options"
            build.fail(message, text.span, "write one of: pvgrub32, pvgrub64")
        build.set("b_info.kernel", f"{_XENFIRMWAREDIR}/{text.text}.bin", text.value.span)
    if build.get("b_info.bootloader") is None and build.get("b_info.kernel") is None:
        build.fail(
            "Neither kernel nor bootloader specified", build.span("kernel"), 'add the line kernel = "/path/to/Image"'
        )


OPTIONS = (
    number(
        "shadow_memory", "b_info.shadow_memkb", "Memory for the domain's page tables in Xen, in MiB.", times=KIB_PER_MIB
    ),
    boolean("nomigrate", "b_info.disable_migrate", "Never migrate the domain."),
    _mode("tsc_mode", TscMode, TscMode.NATIVE_PARAVIRT, "How the time-stamp counter is provided."),
    number("rtc_timeoffset", "b_info.rtc_timeoffset", "Offset of the real-time clock from UTC, in seconds."),
    _vncviewer,
    boolean("localtime", "b_info.localtime", "Set the real-time clock to local time instead of UTC."),
    number("videoram", "b_info.video_memkb", "Video memory in MiB.", times=KIB_PER_MIB, x86=True),
)
KERNEL = (
    string("kernel", "b_info.kernel", "Path of the kernel image in dom0."),
    string("ramdisk", "b_info.ramdisk", "Path of the initial RAM disk in dom0."),
    string(
        "device_tree",
        "b_info.device_tree",
        "Path of the partial device tree (DTB) in dom0. Only its nodes /passthrough and /aliases reach the domain.",
    ),
    _cmdline,
    companion("root", "string", "b_info.cmdline", "Goes into the kernel's command line as root=…, before `extra`."),
    companion("extra", "string", "b_info.cmdline", "Goes at the end of the kernel's command line."),
    boolean("driver_domain", "c_info.driver_domain", "The domain provides backends to other domains."),
    boolean("acpi", "b_info.acpi", "Give the domain ACPI tables in addition to its device tree."),
    string("bootloader", "b_info.bootloader", "Program that finds the kernel on the domain's first disk."),
    boolean("bootloader_restrict", "b_info.bootloader_restrict", "Run the bootloader with reduced privileges."),
    string("bootloader_user", "b_info.bootloader_user", "User as whom the bootloader runs."),
    _bootloader_args,
    _mode("timer_mode", TimerMode, TimerMode.ONE_MISSED_TICK_PENDING, "What happens to missed timer ticks."),
    boolean("nestedhvm", "b_info.nested_hvm", "Let the domain run guests of its own.", x86=True),
)
FIRMWARE = (_firmware,)
