"""The layouts against the compiler's, from the headers of each Xen (layouts.json says how it was made)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xenscmi.config.types.enums import ArmSciType
from xenscmi.domctl import profiles
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES, Profile, find_profile
from xenscmi.domctl.releases import CHANGES, SCI_WITHOUT_DRIVER, ZERO_CELLS, Release, parse_release

LAYOUTS: dict[str, Any] = json.loads((Path(__file__).parent / "layouts.json").read_text())["profiles"]


def test_the_profiles_are_those_of_the_reference() -> None:
    assert list(PROFILES) == list(LAYOUTS)
    assert DEFAULT_PROFILE in PROFILES
    assert all(name == profile.name and profile.source for name, profile in PROFILES.items())


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_layout(profile: Profile) -> None:
    reference = LAYOUTS[profile.name]
    assert profile.size == reference["size"]
    assert profile.interface_version == reference["interface_version"]
    fields = {one.name: {"offset": one.offset, "size": one.size, "signed": one.signed} for one in profile.layout}
    assert list(fields.items()) == [item for item in reference["fields"].items() if item[0] != "arch.pad"]
    assert profile.agent_ids == ("arch.arm_sci_agent_id" in reference["fields"])
    domctl = reference["xen_domctl"]
    assert (
        domctl["union"],
        domctl["size"] - domctl["union"],
    ) == (profiles.DOMCTL_HEADER_SIZE, profiles.DOMCTL_UNION_SIZE)
    assert domctl["createdomain"] == profiles.CREATEDOMAIN_CMD


def test_the_interface_version_does_not_tell_layouts_apart() -> None:
    layouts: dict[int, set[tuple[Any, ...]]] = {}
    for profile in PROFILES.values():
        layouts.setdefault(profile.interface_version, set()).add(profile.layout)
    assert {version: len(found) for version, found in layouts.items()} == {0x15: 1, 0x16: 1, 0x17: 3, 0x18: 3}


@pytest.mark.parametrize(
    ("name", "base", "release"),
    [
        ("4.21", "4.21", Release(4, 21)),
        ("4.21.0", "4.21", Release(4, 21)),
        ("4.21.2", "4.21", Release(4, 21, 2)),
        ("4.21.2+sci-ma", "4.21+sci-ma", Release(4, 21, 2)),
        ("4.22.1+sci-ma-pad", "4.22+sci-ma-pad", Release(4, 22, 1)),
    ],
)
def test_a_name_may_have_a_point_release(name: str, base: str, release: Release) -> None:
    found = find_profile(name)
    assert found is not None
    assert (found.name, found.release) == (name, release)
    assert found.layout == PROFILES[base].layout
    assert found.interface_version == PROFILES[base].interface_version


@pytest.mark.parametrize("name", ["", "4", "4.99.1", "4.21.2+other", "4.21.2.1", "4.21.", "4.21.-1", "4.21.\u0662"])
def test_other_names_are_no_profile(name: str) -> None:
    assert find_profile(name) is None


def test_the_driver_that_a_xen_is_built_with() -> None:
    drivers = {name: profile.sci_driver for name, profile in PROFILES.items()}
    assert {name for name, driver in drivers.items() if driver is ArmSciType.NONE} == {"4.17", "4.18", "4.19"}
    assert {name for name, driver in drivers.items() if driver is ArmSciType.SCMI_SMC} == {"4.20", "4.21", "4.22"}


@pytest.mark.parametrize(
    ("release", "refuses", "checks_cells"),
    [
        ("4.20", False, False),
        ("4.20.3", False, False),
        ("4.20.4", False, True),
        ("4.21.1", False, False),
        ("4.21.2", True, True),
        ("4.22", True, True),
        ("4.23", True, True),
    ],
)
def test_what_changed_when(release: str, refuses: bool, checks_cells: bool) -> None:
    found = parse_release(release)
    assert found is not None
    assert str(found) == release
    assert (SCI_WITHOUT_DRIVER.is_in(found), ZERO_CELLS.is_in(found)) == (refuses, checks_cells)
    assert len({change.name for change in CHANGES}) == len(CHANGES)
