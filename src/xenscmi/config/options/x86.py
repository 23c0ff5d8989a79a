"""Other keys that only x86 guests use."""

from __future__ import annotations

from xenscmi.config.options.table import Build, Option, boolean, custom, string
from xenscmi.config.types.enums import DomainType


def _pvh_only(option: Option) -> Option:
    def read(build: Build) -> None:
        if build.type is DomainType.PVH:
            option.read(build)

    return option.replace(read=read)


@custom("e820_host", "boolean", "b_info.u.e820_host", "Show the host's memory map to a PV guest.", x86=True)
def _e820_host(build: Build) -> None:
    if build.type is DomainType.PV:
        given = build.reader.long("e820_host")
        if given is not None:
            build.set("b_info.u.e820_host", bool(given), build.span("e820_host"))


@custom("msr_relaxed", "boolean", "b_info.arch_x86.msr_relaxed", "Allow more model-specific registers.", x86=True)
def _msr_relaxed(build: Build) -> None:
    found = build.text("msr_relaxed")
    given = build.reader.long("msr_relaxed")
    if found is not None and given is not None:
        build.set("b_info.arch_x86.msr_relaxed", bool(given), found.value.span)
        build.warn(
            "WARNING: msr_relaxed will be removed in future versions. If it fixes an issue you are having please"
            " report to xen-devel@lists.xenproject.org.",
            found.span,
            "remove it: it has no effect on Arm",
        )


PVSHIM = tuple(
    map(
        _pvh_only,
        (
            boolean("pvshim", "b_info.u.pvshim", "Boot a PV guest in a shim.", x86=True),
            string("pvshim_path", "b_info.u.pvshim_path", "Path of the shim.", x86=True),
            string("pvshim_cmdline", "b_info.u.pvshim_cmdline", "Command line of the shim.", x86=True),
            string("pvshim_extra", "b_info.u.pvshim_extra", "More arguments on that command line.", x86=True),
        ),
    )
)
E820 = (_e820_host,)
LATE = (
    boolean(
        "xend_suspend_evtchn_compat",
        "c_info.xend_suspend_evtchn_compat",
        "Event channel for the suspend code of old guests.",
        x86=True,
    ),
    _msr_relaxed,
)
