"""Telling Xens apart: by interface version, release, and what createdomain refuses."""

from __future__ import annotations

import pytest
from tests.hypercall.fake import FakeHypercalls

from xenscmi.domctl.profiles import PROFILES
from xenscmi.hypercall.errors import HypercallError
from xenscmi.hypercall.probe import UnknownXenError, connect, probe_profile


@pytest.mark.parametrize("mediator", [True, False])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_told(profile: str, mediator: bool) -> None:
    xen = FakeHypercalls(profile, mediator=mediator)
    calls = connect(xen)
    assert calls.domctl_version == PROFILES[profile].interface_version
    # Without its mediator, 4.21 with the series is like 4.21: nobody could have an agent there anyway.
    expected = "4.21" if (profile, mediator) == ("4.21+sci-ma", False) else profile
    assert probe_profile(calls).name == expected
    assert xen.domains == {0}


@pytest.mark.parametrize("profile", ["4.17", "4.18", "4.19", "4.20"])
def test_where_one_profile_is_possible_nothing_is_made(profile: str) -> None:
    xen = FakeHypercalls(profile)
    probe_profile(connect(xen))
    assert xen.made == 0


@pytest.mark.parametrize(
    ("profile", "release"),
    [("4.17", (4, 16)), ("4.20", (4, 22)), ("4.22", (4, 23)), ("4.22+sci-ma", (5, 0)), ("4.17", (4, 20))],
)
def test_a_release_that_is_not_known_is_refused(profile: str, release: tuple[int, int]) -> None:
    xen = FakeHypercalls(profile, release=release)
    with pytest.raises(UnknownXenError, match=r"Xen {}\.{} with domctl interface".format(*release)) as caught:
        probe_profile(connect(xen))
    assert xen.made == 0
    assert "known are Xen 4.17, 4.18, 4.19, 4.20, 4.21, 4.22" in caught.value.diagnostics[0].help


def test_an_interface_that_is_not_known_is_refused() -> None:
    xen = FakeHypercalls("4.22", sysctl=0x77)
    with pytest.raises(UnknownXenError, match=r"Xen 4\.22 runs, whose sysctl interface is not known"):
        connect(xen)
    xen = FakeHypercalls("4.22")
    xen.profile = xen.profile.replace(interface_version=0x55)
    with pytest.raises(UnknownXenError, match=r"Xen 4\.22 runs, whose domctl interface is not known"):
        connect(xen)


def test_another_refusal_is_not_taken_for_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    xen = FakeHypercalls("4.22")

    def refuse(_: int) -> int:
        return 1

    monkeypatch.setattr(xen, "_domctl", refuse)
    with pytest.raises(HypercallError) as caught:
        connect(xen)
    assert caught.value.errno == 1
