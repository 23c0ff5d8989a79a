"""Shared by all tests: hypothesis profiles, and the vectors that stand beside the project."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import debian_packages
import pytest
from boot_vector import read_vector
from hypothesis import HealthCheck, settings

from xenscmi.host.types import Host

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

_STATES = count()

HERE = Path(__file__).parent
SLOW = (
    "agreement",
    "cli/test_evidence.py",
    "cli/test_fix.py",
    "cli/test_hostile.py",
    "conformance/test_faults.py",
    "config/test_bounds.py",
    "config/test_pipeline.py",
    "diagnosis",
    "docs",
    "editor",
    "fleet",
    "hostile",
    "integrations",
    "plan/test_changed_numbers.py",
    "plan/test_import_hosts.py",
    "plan/test_properties.py",
    "rules/test_fixes.py",
    "simulation/test_campaign.py",
    "xen",
)
"""Whole commands by the hundred, and machines that boot: most of the time of all tests together."""
MACHINES = ("board", "xen")
"""Their fixtures boot a machine for many tests, which belong in one worker: a group each, begun first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make check` leaves out, and what shares a machine."""
    for item in items:
        place = item.path.relative_to(HERE)
        if any(place.is_relative_to(each) for each in SLOW):
            item.add_marker(pytest.mark.slow)
        if place.parts[0] in MACHINES:
            item.add_marker(pytest.mark.xdist_group(_machine(item, place.parts[0])))
    items.sort(key=lambda item: item.path.relative_to(HERE).parts[0] not in MACHINES)


def _machine(item: pytest.Item, folder: str) -> str:
    """Return the name of the machine of a test: a Xen of each release, and the board's."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return f"{folder} {parameters.get('dom0', '')}"


@pytest.fixture(autouse=True)
def nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test, and the processes that it starts, a modelled host of its own, and lines of any length.

    pytest-xdist sets COLUMNS for its workers.
    """
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "states" / str(next(_STATES))))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts and vectors beside the project; tests that need it skip where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared folder beside the project")
    return SHARED


BOOT_VECTORS = Path(__file__).parent / "vectors" / "boot"


@pytest.fixture(scope="session")
def boot_vectors() -> dict[str, Host]:
    """The hosts of all boot vectors by name."""
    return {folder.name: read_vector(folder) for folder in sorted(BOOT_VECTORS.iterdir()) if folder.is_dir()}


@pytest.fixture(scope="session")
def debian_dtbs() -> Path:
    """A folder with the DTBs of Debian's stable kernel, a folder for each vendor; skips where they cannot be had."""
    return _device_trees("stable")


@pytest.fixture(scope="session")
def newest_dtbs() -> Path:
    """The same of Debian's newest kernel."""
    return _device_trees("sid")


def _device_trees(suite: str) -> Path:
    try:
        return debian_packages.device_trees(suite)
    except debian_packages.Unavailable as error:
        pytest.skip(str(error))
