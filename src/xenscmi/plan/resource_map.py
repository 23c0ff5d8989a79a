"""A SoC's resource map: which SCMI ids its firmware gave to the clocks, resets and power domains of the device tree.

The ids are the firmware's own and cannot be derived from a tree. A map says, for a provider and the cells of a
reference to it (`<&cpg 1 706>`), the SCMI id (153), and which device ids there are. A tree whose devices use SCMI
already needs none for its resources. Maps are TOML files; those of `maps/` are shipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal

import msgspec

from xenscmi.host.toml_places import TomlPlaces
from xenscmi.plan.reading import convert, failure, read_toml
from xenscmi.plan.schema import U32, Address, File, Profile
from xenscmi.source import Source

_Cells = Annotated[
    str, msgspec.Meta(pattern=r"^([0-9]+( [0-9]+)*)?$", description="The cells of the specifier, in decimal.")
]
_Agents = Annotated[int, msgspec.Meta(ge=2, le=255)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Treatment = Literal["copy", "drop", "refuse"]
KINDS = ("clocks", "resets", "power_domains")


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a map; keys that are not known are errors."""


class Run(_Section, frozen=True):
    """Ids that rise together with the last cell."""

    cells: _Cells
    count: _Count
    id: U32


class Provider(_Section, frozen=True):
    """A node that devices refer to, and the SCMI id of each specifier."""

    provider: File
    ids: dict[_Cells, U32] = {}
    runs: tuple[Run, ...] = ()


class MapDevice(_Section, frozen=True):
    """A device that the firmware has a number for; with resources, the firmware counts just these to it.

    A device of the tree that is several devices in the firmware has a row for each.
    """

    path: File
    id: U32
    clocks: tuple[U32, ...] | None = None
    resets: tuple[U32, ...] | None = None
    power_domains: tuple[U32, ...] | None = None
    sm: Annotated[tuple[str, ...], msgspec.Meta(description="Its names in NXP's System Manager: LPUART1.")] = ()


class Shared(_Section, frozen=True):
    """Resources that devices of several domains may use: switching them does nothing (an always-on domain)."""

    clocks: tuple[U32, ...] = ()
    resets: tuple[U32, ...] = ()
    power_domains: tuple[U32, ...] = ()


class MapFile(_Section, frozen=True):
    """A map as it is written."""

    name: str
    compatible: Annotated[tuple[str, ...], msgspec.Meta(description="What the root of a fitting tree has.")] = ()
    source: Annotated[str, msgspec.Meta(description="Where the numbers come from.")] = ""
    firmware: Annotated[Profile | None, msgspec.Meta(description="The profile of the firmware that has them.")] = None
    pages: Annotated[Address | None, msgspec.Meta(description="The page of its agent 0, as it is built.")] = None
    agents: Annotated[_Agents | None, msgspec.Meta(description="How many agents it is built for.")] = None
    clocks: tuple[Provider, ...] = ()
    resets: tuple[Provider, ...] = ()
    power_domains: tuple[Provider, ...] = ()
    devices: tuple[MapDevice, ...] = ()
    taken: Annotated[tuple[U32, ...], msgspec.Meta(description="SCMI device ids of what the tree does not have.")] = ()
    shared: Shared = Shared()
    properties: Annotated[
        dict[str, Treatment], msgspec.Meta(description="What happens to properties that only this SoC has.")
    ] = {}


@dataclass(frozen=True, slots=True)
class ResourceMap:
    """A map, ready to be asked."""

    name: str
    compatible: tuple[str, ...]
    firmware: Profile | None
    pages: int | None
    agents: int | None
    ids: Mapping[str, Mapping[tuple[str, tuple[int, ...]], int]]
    devices: Mapping[str, tuple[MapDevice, ...]]
    taken: tuple[int, ...]
    shared: Mapping[str, frozenset[int]]
    properties: Mapping[str, Treatment]

    def scmi_id(self, kind: str, provider: str, cells: tuple[int, ...]) -> int | None:
        """Return the SCMI id of a reference to a provider (its path); None if the map lacks it."""
        return self.ids[kind].get((provider, cells))

    def providers(self) -> frozenset[str]:
        """Return the paths of all providers."""
        return frozenset(path for kind in KINDS for path, _ in self.ids[kind])


NO_MAP = ResourceMap(
    "", (), None, None, None, {kind: {} for kind in KINDS}, {}, (), {kind: frozenset() for kind in KINDS}, {}
)


def shipped() -> dict[str, Source]:
    """Return the maps that come with xenscmi, by name."""
    folder = resources.files("xenscmi.plan") / "maps"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {each.name.removesuffix(".toml"): Source(each.name, each.read_text("utf-8")) for each in files}


def read_map(source: Source) -> ResourceMap:
    """Return the map in a TOML text. Raises XenscmiError with the place of what is wrong."""
    document = read_toml(source, source.name)
    places = TomlPlaces(source)
    written = convert(document, MapFile, places)
    devices: dict[str, tuple[MapDevice, ...]] = {}
    numbers: dict[int, str] = {}
    for index, device in enumerate(written.devices):
        place = places.at(f"$.devices[{index}]")
        other = numbers.get(device.id)
        if other == device.path:
            raise failure(f"{source.name}: {device.path} has id {device.id} twice", place, "keep one of them")
        if other is not None:
            raise failure(f"{source.name}: device id {device.id} is {other}'s", place, "each device has its own id")
        numbers[device.id] = device.path
        devices[device.path] = (*devices.get(device.path, ()), device)
    return ResourceMap(
        name=written.name,
        compatible=written.compatible,
        firmware=written.firmware,
        pages=written.pages,
        agents=written.agents,
        ids={kind: dict(_ids(getattr(written, kind))) for kind in KINDS},
        devices=devices,
        taken=written.taken,
        shared={kind: frozenset(getattr(written.shared, kind)) for kind in KINDS},
        properties=written.properties,
    )


def _ids(providers: tuple[Provider, ...]) -> Iterator[tuple[tuple[str, tuple[int, ...]], int]]:
    for provider in providers:
        for text, number in provider.ids.items():
            yield (provider.provider, _cells(text)), number
        for run in provider.runs:
            *first, last = _cells(run.cells) or (0,)
            for step in range(run.count):
                yield (provider.provider, (*first, last + step)), run.id + step


def _cells(text: str) -> tuple[int, ...]:
    return tuple(int(cell) for cell in text.split())
