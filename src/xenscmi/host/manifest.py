"""`host.toml`: which files make a host, and what no file of the host says (firmware, the Xen profile, rules).

The structures are the schema: docs/host.schema.json is made from them. All paths are relative to the manifest's folder
and may not leave it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

import msgspec

from xenscmi.config.types.enums import ArmSciType
from xenscmi.diagnostics import Diagnostic, Severity, XenscmiError
from xenscmi.domctl.profiles import DEFAULT_PROFILE, FIRST_WITH_SCI_DRIVER, PROFILES, find_profile
from xenscmi.host.firmware_sections import FirmwareSection
from xenscmi.host.section import Section
from xenscmi.host.toml_errors import unfit
from xenscmi.host.toml_places import TomlPlaces
from xenscmi.source import Source, Span

NAME = "host.toml"

_Path = Annotated[str, msgspec.Meta(min_length=1, description="A file, relative to the manifest's folder.")]


class XenSection(Section, frozen=True):
    """The Xen that boots the host."""

    profile: Annotated[
        str | None,
        msgspec.Meta(
            description="Which Xen it is, as `xenscmi profiles`, with or without a point release: 4.21.2+sci-ma."
        ),
    ] = None
    sci_driver: Annotated[
        Literal["none", "scmi_smc", "scmi_smc_multiagent"] | None,
        msgspec.Meta(description="The SCI driver that it is built with; by default that of the profile."),
    ] = None

    @property
    def driver(self) -> ArmSciType | None:
        """The SCI driver as libxl names its type."""
        return None if self.sci_driver is None else ArmSciType.from_string(self.sci_driver)


class DomainSection(Section, frozen=True):
    """A domain: of the toolstack, by its xl.cfg, or of the host tree, by the name of its node."""

    config: _Path | None = None
    name: str | None = None
    device_tree: Annotated[str | None, msgspec.Meta(description="Its partial device tree, DTS or DTB.")] = None


class RulesSection(Section, frozen=True):
    """Which rules run, and how bad their findings are."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Annotated[dict[str, tuple[str, ...]], msgspec.Meta(description="Rules to ignore, by file.")] = (
        msgspec.field(default_factory=dict)
    )
    severity: dict[str, Severity] = msgspec.field(default_factory=dict)


class Manifest(Section, frozen=True):
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
        raise unfit(error, Manifest, places) from None
    except msgspec.DecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        start = source.offset(int(at[1]), int(at[2])) if at else len(source.text)
        raise _error(str(error), Span(source, start, start)) from None
    except (RecursionError, ValueError) as error:  # such as a date that does not exist
        raise _error(str(error), Span(source, 0, 0)) from None
    _check_xen(manifest.xen, places)
    for number, domain in enumerate(manifest.domain):
        if (domain.config is None) == (domain.name is None):
            raise _error(
                f"domain[{number}]: give either config, an xl.cfg, or name, the domain's node under /chosen",
                places.at(f"$.domain[{number}]"),
            )
    return manifest


def _check_xen(section: XenSection, places: TomlPlaces) -> None:
    """Raise XenscmiError where there is no such Xen, or where it cannot be built with this driver."""
    xen = find_profile(section.profile or DEFAULT_PROFILE)
    if xen is None:
        known = f"profiles are {', '.join(PROFILES)}, with a point release if need be (4.21.2+sci-ma)"
        raise _error(f"there is no Xen profile {section.profile}", places.at("$.xen.profile"), known)
    if section.driver is ArmSciType.SCMI_SMC_MULTIAGENT and not xen.agent_ids:
        help_text = "choose a profile with the multi-agent series (4.22+sci-ma), or another driver"
    elif section.driver is ArmSciType.SCMI_SMC and xen.release < FIRST_WITH_SCI_DRIVER:
        help_text = f'choose "none", or Xen {FIRST_WITH_SCI_DRIVER} or later'
    else:
        return
    raise _error(f"Xen {xen.name} has no driver {section.sci_driver}", places.at("$.xen.sci_driver"), help_text)


def check_path(path: str, span: Span | None) -> PurePosixPath:
    """Return a path of the manifest. Raises XenscmiError where it leaves the manifest's folder."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\0" in path:
        raise _error(f"{path} lies outside the host's folder", span, "name files by paths below the manifest's folder")
    return relative


def _error(message: str, span: Span | None, help: str = "") -> XenscmiError:
    return XenscmiError(Diagnostic(message=message, span=span, help=help))
