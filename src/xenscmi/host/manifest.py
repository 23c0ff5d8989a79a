"""`host.toml`: which files make a host, and what no file of the host says (firmware, the Xen profile, rules).

The structures are the schema: docs/host.schema.json is made from them. All paths are relative to the manifest's folder
and may not leave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec

from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.domctl.profiles import PROFILES
from xenscmi.host import firmware_tables as tables
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import FirmwareAgent, FirmwareDevice, HostFirmware
from xenscmi.scmi.header import ProtocolId
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.firmware.resources import Platform

NAME = "host.toml"

# The kinds of resources, and those of them that a device can own.
_RESOURCES = (
    *("clocks", "resets", "power_domains", "performance", "sensors", "voltages", "power_caps"),
    *("pins", "pin_groups", "pin_functions"),
)
_OWNED = _RESOURCES[:-1]

_U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
_AgentId = Annotated[int, msgspec.Meta(ge=0, le=254, description="The agent's id in the firmware, 0 to 254.")]
_Path = Annotated[str, msgspec.Meta(min_length=1, description="A file, relative to the manifest's folder.")]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the manifest; keys that are not known are errors."""


class AgentSection(_Section, frozen=True):
    """An agent as the EL3 firmware has it."""

    id: _AgentId
    func_id: Annotated[_U32, msgspec.Meta(description="Its SMC function id.")]
    page: Annotated[int, msgspec.Meta(ge=0, description="The address of its page of shared memory.")]
    p2a_page: Annotated[int | None, msgspec.Meta(description="The address of the page for its notifications.")] = None
    name: Annotated[str, msgspec.Meta(description="Its name in the firmware.")] = ""


class DeviceSection(_Section, frozen=True):
    """A device as the firmware knows it, and the resources it owns there."""

    id: Annotated[_U32, msgspec.Meta(description="Its SCMI device id.")]
    clocks: tuple[_U32, ...] = ()
    resets: tuple[_U32, ...] = ()
    power_domains: tuple[_U32, ...] = ()
    performance: tuple[_U32, ...] = ()
    sensors: tuple[_U32, ...] = ()
    voltages: tuple[_U32, ...] = ()
    power_caps: tuple[_U32, ...] = ()
    pins: tuple[_U32, ...] = ()
    pin_groups: tuple[_U32, ...] = ()
    system_power: Annotated[bool, msgspec.Meta(description="Whether it is the system's power.")] = False
    name: str = ""


class FirmwareSection(_Section, frozen=True):
    """The EL3 firmware: a profile, and a table of its own where that is known."""

    profile: Annotated[str, msgspec.Meta(description="Its kind, as `xenscmi profiles --firmware`.")] = "generic"
    trusted_agent: _AgentId | None = None
    unsupported: Annotated[tuple[str, ...], msgspec.Meta(description="Messages it lacks, by name.")] = ()
    agents: tuple[AgentSection, ...] | None = None
    devices: tuple[DeviceSection, ...] | None = None
    versions: Annotated[dict[str, _U32], msgspec.Meta(description="Protocol versions, where not the profile's.")] = {}
    system_power: Annotated[bool, msgspec.Meta(description="Whether it has the system power protocol.")] = False
    clocks: tuple[tables.ClockTable, ...] = ()
    resets: tuple[tables.ResetTable, ...] = ()
    power_domains: tuple[tables.PowerDomainTable, ...] = ()
    performance: tuple[tables.PerformanceTable, ...] = ()
    sensors: tuple[tables.SensorTable, ...] = ()
    voltages: tuple[tables.VoltageTable, ...] = ()
    power_caps: tuple[tables.PowerCapTable, ...] = ()
    pins: tuple[tables.PinTable, ...] = ()
    pin_groups: tuple[tables.PinGroupTable, ...] = ()
    pin_functions: tuple[tables.PinFunctionTable, ...] = ()


class XenSection(_Section, frozen=True):
    """The Xen that boots the host."""

    profile: Annotated[str | None, msgspec.Meta(description="Its layout of createdomain, as `xenscmi profiles`.")] = (
        None
    )


class DomainSection(_Section, frozen=True):
    """A domain: of the toolstack, by its xl.cfg, or of the host tree, by the name of its node."""

    config: _Path | None = None
    name: str | None = None
    device_tree: Annotated[str | None, msgspec.Meta(description="Its partial device tree, DTS or DTB.")] = None


class RulesSection(_Section, frozen=True):
    """Which rules run, and how bad their findings are."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Annotated[dict[str, tuple[str, ...]], msgspec.Meta(description="Rules to ignore, by file.")] = {}
    severity: dict[str, Severity] = {}


class Manifest(_Section, frozen=True):
    """A host: the host device tree, overlays in their order, and what belongs to them."""

    device_tree: _Path
    overlays: tuple[_Path, ...] = ()
    include: Annotated[tuple[str, ...], msgspec.Meta(description="Folders for includes of DTS files.")] = ()
    imagebuilder: Annotated[str | None, msgspec.Meta(description="An ImageBuilder configuration.")] = None
    xen: XenSection = XenSection()
    firmware: FirmwareSection = FirmwareSection()
    domain: tuple[DomainSection, ...] = ()
    rules: RulesSection = RulesSection()


def read_manifest(source: Source) -> Manifest:
    """Return the manifest in a TOML text. Raises XenscmiError with the place of the key that is wrong."""
    places = TomlPlaces(source)
    try:
        manifest = msgspec.toml.decode(source.text, type=Manifest)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        path = path.rstrip("`") or "$"
        unknown = re.search(r"unknown field `(.+)`", reason)
        raise _error(f"{NAME}: {path}: {reason}", places.at(f"{path}.{unknown[1]}" if unknown else path)) from None
    except msgspec.DecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        start = source.offset(int(at[1]), int(at[2])) if at else len(source.text)
        raise _error(f"{NAME}: {error}", Span(source, start, start)) from None
    except (RecursionError, ValueError) as error:  # such as a date that does not exist
        raise _error(f"{NAME}: {error}", Span(source, 0, 0)) from None
    if manifest.xen.profile is not None and manifest.xen.profile not in PROFILES:
        known = f"profiles are {', '.join(PROFILES)}"
        raise _error(f"there is no Xen profile {manifest.xen.profile}", places.at("$.xen.profile"), known)
    for number, domain in enumerate(manifest.domain):
        if (domain.config is None) == (domain.name is None):
            raise _error(
                f"{NAME}: $.domain[{number}]: give either config, an xl.cfg, or name, the domain's node under /chosen",
                places.at(f"$.domain[{number}]"),
            )
    return manifest


def firmware_of(section: FirmwareSection, source: Source) -> HostFirmware:
    """Return the firmware that a manifest describes; where it does not say which agent is trusted, the profile does."""
    places = TomlPlaces(source)
    trusted = section.trusted_agent
    if trusted is None and section.profile != "generic":
        # Importing the firmware imports all its protocols, which takes a while.
        from xenscmi.firmware.profile import PROFILES as FIRMWARE_PROFILES

        profile = FIRMWARE_PROFILES.get(section.profile)
        if profile is None:
            message = f"there is no firmware profile {section.profile}"
            known = f"profiles are {', '.join(FIRMWARE_PROFILES)}"
            raise _error(message, places.at("$.firmware.profile"), known)
        trusted = min(profile.trusted_agents or (), default=None)
    agents = [
        FirmwareAgent(
            agent_id=each.id,
            func_id=each.func_id,
            shmem=each.page,
            p2a_shmem=each.p2a_page,
            name=each.name,
            span=places.at(f"$.firmware.agents[{n}]"),
        )
        for n, each in enumerate(section.agents or ())
    ]
    devices = [
        FirmwareDevice(
            device_id=each.id,
            name=each.name,
            system_power=each.system_power,
            **{kind: frozenset(getattr(each, kind)) for kind in _OWNED},
            span=places.at(f"$.firmware.devices[{n}]"),
        )
        for n, each in enumerate(section.devices or ())
    ]
    return HostFirmware(
        profile=section.profile,
        trusted_agent=trusted,
        unsupported=frozenset(section.unsupported),
        agents=None if section.agents is None else tuple(agents),
        devices=None if section.devices is None else tuple(devices),
        resources=_resources(section, places),
        places={
            f"{kind}[{each.id}]": places.at(f"$.firmware.{kind}[{n}]")
            for kind in _RESOURCES
            for n, each in enumerate(getattr(section, kind))
        },
        span=places.at("$.firmware"),
    )


def _resources(section: FirmwareSection, places: TomlPlaces) -> Platform | None:
    """Return the declared resources; None if there are none. Raises XenscmiError for an id that is given twice."""
    found: dict[str, dict[int, object]] = {}
    for kind in _RESOURCES:
        by_id = found.setdefault(kind, {})
        for n, each in enumerate(getattr(section, kind)):
            if each.id in by_id:
                place = places.at(f"$.firmware.{kind}[{n}]")
                raise _error(f"{NAME}: there are two {kind} with the id {each.id}", place, "give each an id of its own")
            by_id[each.id] = each.name if kind == "pins" else tables.record(each)
    if not (any(found.values()) or section.system_power or section.versions):
        return None
    from xenscmi.firmware.resources import Platform

    values: dict[str, Any] = {kind: by_id for kind, by_id in found.items() if by_id}
    return Platform(
        agents=(), system_power=section.system_power, versions=dict(_versions(section.versions, places)), **values
    )


def _versions(versions: Mapping[str, int], places: TomlPlaces) -> Iterator[tuple[int, int]]:
    known = {each.name.lower(): each.value for each in ProtocolId}
    for name, version in versions.items():
        if name not in known:
            place = places.at(f"$.firmware.versions.{name}")
            raise _error(f"{NAME}: there is no protocol {name}", place, f"protocols are {', '.join(known)}")
        yield known[name], version


def check_path(path: str, span: Span | None) -> PurePosixPath:
    """Return a path of the manifest. Raises XenscmiError where it leaves the manifest's folder."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\0" in path:
        raise _error(f"{path} lies outside the host's folder", span, "name files by paths below the manifest's folder")
    return relative


def _error(message: str, span: Span | None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
