"""The firmware of a host as `[firmware]` of its manifest describes it: sections become records, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from xenscmi.diagnostics import Annotation, Diagnostic, XenscmiError
from xenscmi.host import firmware_sections as sections
from xenscmi.host.firmware_sections import AgentSection, DeviceSection, FirmwareSection
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.host.types import FirmwareAgent, FirmwareDevice, HostFirmware
from xenscmi.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xenscmi.firmware.profile import FirmwareProfile
    from xenscmi.firmware.resources import Platform

# The kinds of resources, and those of them that a device can own.
_RESOURCES = (
    *("clocks", "resets", "power_domains", "performance", "sensors", "voltages", "power_caps"),
    *("pins", "pin_groups", "pin_functions"),
)
_OWNED = _RESOURCES[:-1]

RECORDS: Mapping[type[msgspec.Struct], str] = {
    sections.ClockSection: "Clock",
    sections.ResetSection: "ResetDomain",
    sections.PowerDomainSection: "PowerDomain",
    sections.LevelSection: "OperatingPoint",
    sections.FastChannelSection: "FastChannel",
    sections.PerformanceSection: "PerformanceDomain",
    sections.MeasureSection: "Measure",
    sections.AxisSection: "SensorAxis",
    sections.SensorSection: "Sensor",
    sections.VoltageSection: "VoltageDomain",
    sections.PowerCapSection: "PowerCapDomain",
    sections.PinGroupSection: "PinGroup",
    sections.PinFunctionSection: "PinFunction",
}
"""The record of each section, by its name in `xenscmi.firmware.resources`."""

# Fields of the platform that have other names here; a resource as a whole has the place of its id.
_KEYS = {"": "id", "p2a_shmem": "p2a_page"}
# How an error of a profile names its key, and an error of TOML its line.
_KEY = re.compile(r"`([\w.-]+)'")
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


class _Places:
    """The places of the fields that are declared, by their paths in the platform: `clocks[3].rates`."""

    def __init__(self, section: FirmwareSection, toml: TomlPlaces) -> None:
        self._toml = toml
        self._rows = {
            f"{kind}[{each.id}]": f"$.firmware.{kind}[{row}]"
            for kind in ("agents", "devices", *_RESOURCES)
            for row, each in enumerate(getattr(section, kind) or ())
        }

    def __call__(self, path: str) -> Span | None:
        """Return the place of a field, or of what is nearest around it; None for a resource that is not declared."""
        resource, _, field = path.partition(".")
        if resource.endswith("]"):
            row = self._rows.get(resource)
            return None if row is None else self._toml.at(f"{row}.{_KEYS.get(field, field)}")
        return self._toml.at(f"$.firmware.{path}")


def firmware_of(section: FirmwareSection, toml: TomlPlaces, profile_source: Source | None = None) -> HostFirmware:
    """Return the firmware that a manifest describes; where it does not say which agent is trusted, the profile does.

    `toml` has the places of the manifest's keys, `profile_source` is the text of the user's profile, if the manifest
    names one. Raises XenscmiError for a profile that there is not or that cannot be used, and for ids that are given
    twice.
    """
    trusted = section.trusted_agent
    if section.profile != "generic":
        profile = read_profile(section.profile, profile_source, toml.at("$.firmware.profile"))
        trusted = min(profile.trusted_agents or (), default=None) if trusted is None else trusted
    return HostFirmware(
        profile=section.profile,
        profile_source=profile_source,
        trusted_agent=trusted,
        unsupported=frozenset(section.unsupported),
        agents=None if section.agents is None else tuple(_agents(section.agents, toml)),
        devices=None if section.devices is None else tuple(_devices(section.devices, toml)),
        resources=_resources(section, toml),
        place=_Places(section, toml),
        span=toml.at("$.firmware"),
    )


def read_profile(name: str, source: Source | None = None, span: Span | None = None) -> FirmwareProfile:
    """Return a profile: that of a user's file, or else the shipped one of that name. Raises XenscmiError."""
    # Importing the firmware's profiles takes a while, and `generic` firmware with nothing declared needs none.
    from xenscmi.firmware.profile import PROFILES, ProfileError, load_profile

    if source is not None:
        try:
            return load_profile(source.text, source.name)
        except ProfileError as error:
            places = TomlPlaces(source)
            raise XenscmiError(*(_at_key(each, places, source) for each in error.diagnostics)) from None
    if name not in PROFILES:
        known = f"profiles are {', '.join(PROFILES)}, or name a file of your own: my-firmware.toml"
        raise XenscmiError(Diagnostic(message=f"there is no firmware profile {name}", span=span, help=known))
    return PROFILES[name]


def _at_key(diagnostic: Diagnostic, places: TomlPlaces, source: Source) -> Diagnostic:
    """Return an error of a profile with the place of the key or the line that it names."""
    line, key = _LINE.search(diagnostic.message), _KEY.search(diagnostic.message)
    if line:
        start = source.offset(int(line[1]), int(line[2]))
        return diagnostic.replace(span=Span(source, start, start))
    return diagnostic.replace(span=places.at(f"$.{key[1]}" if key else "$"))


def _agents(rows: tuple[AgentSection, ...], toml: TomlPlaces) -> Iterator[FirmwareAgent]:
    for row, each in enumerate(rows):
        yield FirmwareAgent(
            agent_id=each.id,
            func_id=each.func_id,
            shmem=each.page,
            p2a_shmem=each.p2a_page,
            name=each.name,
            span=toml.at(f"$.firmware.agents[{row}]"),
        )


def _devices(rows: tuple[DeviceSection, ...], toml: TomlPlaces) -> Iterator[FirmwareDevice]:
    for row, each in enumerate(rows):
        yield FirmwareDevice(
            device_id=each.id,
            name=each.name,
            system_power=each.system_power,
            **{kind: getattr(each, kind) for kind in _OWNED},
            span=toml.at(f"$.firmware.devices[{row}]"),
        )


def _resources(section: FirmwareSection, toml: TomlPlaces) -> Platform | None:
    """Return the declared resources; None if there are none. Raises XenscmiError for an id that is given twice."""
    found = {kind: _by_id(section, kind, toml) for kind in _RESOURCES}
    versions = {name: getattr(section.versions, name) for name in section.versions.__struct_fields__}
    spoken = {name: version for name, version in versions.items() if version is not None}
    if not (any(found.values()) or section.system_power or spoken):
        return None
    from xenscmi.firmware.resources import Platform
    from xenscmi.scmi.header import ProtocolId
    from xenscmi.scmi.protocols.system_power import SystemState

    values: dict[str, Any] = {kind: by_id for kind, by_id in found.items() if by_id}
    return Platform(
        agents=(),
        system_power=section.system_power,
        system_states=frozenset(SystemState[each.upper()].value for each in section.system_states),
        versions={ProtocolId[name.upper()].value: version for name, version in spoken.items()},
        **values,
    )


def _by_id(section: FirmwareSection, kind: str, toml: TomlPlaces) -> dict[int, object]:
    """Return the records of a kind of resources."""
    found: dict[int, object] = {}
    first: dict[int, int] = {}
    for row, each in enumerate(getattr(section, kind)):
        if each.id in found:
            raise XenscmiError(
                Diagnostic(
                    message=f"there are two {kind} with the id {each.id}",
                    span=toml.at(f"$.firmware.{kind}[{row}].id"),
                    related=(Annotation(span=toml.at(f"$.firmware.{kind}[{first[each.id]}].id"), label="the first"),),
                    help="give each an id of its own",
                )
            )
        first[each.id] = row
        found[each.id] = each.name if kind == "pins" else record(each)
    return found


def record(section: object) -> object:
    """Return a section's record; of a list or of a table of sections, all of them."""
    # Making the records' classes takes a while, and few manifests declare resources.
    from xenscmi.firmware import resources

    if isinstance(section, tuple):
        return tuple(map(record, section))
    if isinstance(section, dict):
        return {key: record(value) for key, value in section.items()}
    if isinstance(section, msgspec.Struct):
        values = {name: record(getattr(section, name)) for name in section.__struct_fields__ if name != "id"}
        made: object = getattr(resources, RECORDS[type(section)])(**values)
        return made
    return section
