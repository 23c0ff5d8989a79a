"""Hostile messages find no breach; `python -m tests.firmware.hostile 1000000` sends many more of them."""

from __future__ import annotations

import pytest
from tests.firmware.hostile import DENIED, SUCCESS, Breach, attack

from xenscmi.firmware import PROFILES
from xenscmi.firmware.permissions import Permissions

MESSAGES = 2500


@pytest.mark.parametrize("profile", PROFILES)
def test_no_message_breaks_the_firmware_or_passes_the_permissions(profile: str) -> None:
    answers = attack(profile, MESSAGES, seed=1)
    assert answers[SUCCESS] > MESSAGES // 20, "too few messages get as far as a handler"
    if PROFILES[profile].checks_permissions:
        assert answers[DENIED] > MESSAGES // 50


def test_the_oracle_finds_a_firmware_that_forgets_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Permissions, "may_use", lambda *_: True)
    with pytest.raises(Breach):
        attack("generic", MESSAGES, seed=1)


def test_the_oracle_finds_a_firmware_that_trusts_everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenscmi.firmware.firmware._trusted_agents", lambda *_: frozenset(range(5)))
    with pytest.raises(Breach, match="not trusted"):
        attack("generic", MESSAGES, seed=1)
