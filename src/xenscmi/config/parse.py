"""From an xl.cfg file to libxl's configuration: what xl does before it calls libxl (tools/xl/xl_parse.c)."""

from __future__ import annotations

import os

from xenscmi import xlcfg
from xenscmi.config.capabilities import DEFAULT_HOST
from xenscmi.config.errors import EXIT_FAILURE, ConfigError
from xenscmi.config.options import GROUPS
from xenscmi.config.options.table import Build, OptionError
from xenscmi.config.options.vcpus import check_affinity
from xenscmi.config.parsed import Parsed
from xenscmi.config.types.build import BuildInvalid, BuildPv, BuildPvh
from xenscmi.config.types.domain import DomainConfig
from xenscmi.config.types.enums import DomainType
from xenscmi.config.types.hvm import BuildHvm
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.xlcfg.reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from xenscmi.config.capabilities import HostCapabilities
    from xenscmi.source import Source

_UNIONS: dict[DomainType, type[BuildHvm | BuildPv | BuildPvh | BuildInvalid]] = {
    DomainType.HVM: BuildHvm,
    DomainType.PV: BuildPv,
    DomainType.PVH: BuildPvh,
}


def parse_xlcfg(source: Source, host: HostCapabilities = DEFAULT_HOST, new_uuid: bytes | None = None) -> Parsed:
    """Return the configuration that xl makes of an xl.cfg file.

    `host` resolves CPU lists and NUMA nodes, as in xl. `new_uuid` (16 bytes) is for a domain whose file has no UUID; by
    default it is random. Raises ConfigError with all errors, and with the exit code of the first.
    """
    try:
        settings = xlcfg.parse(source)
    except XenscmiError as error:
        raise ConfigError(error.diagnostics, EXIT_FAILURE) from None
    build = Build(Reader(settings), host, new_uuid or _random_uuid())
    exit_code = _read_options(build) or _try(build, check_affinity)
    if exit_code:
        raise ConfigError(build.reader.diagnostics, exit_code, settings=settings)
    return Parsed(
        config=_finish(build), settings=settings, spans=build.spans, diagnostics=tuple(build.reader.diagnostics)
    )


def _read_options(build: Build) -> int:
    """Read all options in xl's order; return the exit code of the first that failed, or 0.

    xl stops at the first error; this continues, to report the others in the same run.
    """
    settings, exit_code = build.reader.settings, 0
    for group in GROUPS:
        present = [key for key in group.keys if key in settings]
        if group.hvm and build.type is not DomainType.HVM:
            _report_unused(build, present)
            continue
        if not (present or group.always or group.hvm):
            continue
        rows = group.rows()
        for option in rows:
            code = _try(build, option.read)
            exit_code = exit_code or code
        _report_unused(build, [option.key for option in rows if option.x86 and option.key in settings])
    return exit_code


def _try(build: Build, read: Callable[[Build], None]) -> int:
    """Read one option; return the exit code if it failed, else 0."""
    try:
        read(build)
    except OptionError as error:
        build.reader.diagnostics.extend(error.diagnostics)
        return error.exit_code
    return 0


def _finish(build: Build) -> DomainConfig:
    values = build.values
    b_info = values["b_info"]
    b_info["u"] = _UNIONS[build.type].of(b_info["u"])
    # xl sets these for every domain from xl.conf; its defaults are true.
    values["c_info"]["run_hotplug_scripts"] = True
    b_info["claim_mode"] = True
    return DomainConfig.of(values)


def _report_unused(build: Build, keys: list[str]) -> None:
    for key in keys:
        setting = build.reader.settings.get(key)
        if setting:
            message = f"`{key}' is for x86 or HVM guests only and has no effect on Arm"
            help_text = "remove it, unless the file is also for an x86 host"
            build.reader.diagnostics.append(
                Diagnostic(message=message, severity=Severity.INFO, span=setting.key_span, help=help_text)
            )


def _random_uuid() -> bytes:
    """Return a random UUID of version 4 (RFC 9562); importing `uuid` takes longer than the whole parse."""
    value = bytearray(os.urandom(16))
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    return bytes(value)
