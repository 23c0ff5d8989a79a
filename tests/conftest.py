"""Shared by all tests: hypothesis profiles, and the vectors that stand beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from xenscmi.devicetree import load
from xenscmi.host.reader import read_host
from xenscmi.host.types import Host
from xenscmi.host.vector import read_vector_firmware
from xenscmi.source import Source

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts and vectors beside the project; tests that need it skip where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared folder beside the project")
    return SHARED


BOOT_VECTORS = Path(__file__).parent / "vectors" / "boot"


def read_boot_vector(folder: Path) -> Host:
    """Return the host of a folder as in vectors/boot: its trees, and of expected.json the firmware alone."""
    partial = {path.stem: load(path) for path in folder.glob("*.dts") if path.stem != "host"}
    expected = folder / "expected.json"
    firmware = read_vector_firmware(Source(str(expected), expected.read_text()))
    return read_host(load(folder / "host.dts"), partial=partial, firmware=firmware)


@pytest.fixture(scope="session")
def boot_vectors() -> dict[str, Host]:
    """The hosts of all boot vectors by name."""
    return {folder.name: read_boot_vector(folder) for folder in sorted(BOOT_VECTORS.iterdir()) if folder.is_dir()}
