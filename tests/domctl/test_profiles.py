"""The layouts against the compiler's, from the headers of each Xen (layouts.json says how it was made)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xenscmi.domctl import profiles
from xenscmi.domctl.profiles import DEFAULT_PROFILE, PROFILES, Profile

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
