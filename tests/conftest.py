"""Shared by all tests: hypothesis profiles, and the vectors that stand beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts and vectors beside the project; tests that need it skip where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared folder beside the project")
    return SHARED
