from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boot_vector import BootResult, boot_vector, read_firmware, read_vector

from xenscmi.devicetree import Tree, load, parse_dts
from xenscmi.firmware import PROFILES, Firmware, Platform, PlatformAgent, uniform_platform
from xenscmi.host.reader import read_host
from xenscmi.model.xen import Model
from xenscmi.source import Source

VECTORS = Path(__file__).parents[1] / "vectors"
BOOT = VECTORS / "boot"


def lab_platform(trusted: int = 1, agents: int = 8, devices: int = 8) -> Platform:
    """The platform of the vectors: agent n rings 0x82000002 + n and has page n."""
    return uniform_platform(
        tuple(
            PlatformAgent(agent_id=n, func_id=0x8200_0002 + n, shmem=0x47FF_0000 + n * 0x1000, trusted=n == trusted)
            for n in range(agents)
        ),
        devices,
    )


class Bench:
    """Boots good-default with changes to its text: (old, new) pairs, each of which must be there."""

    def __init__(self) -> None:
        self.host = (BOOT / "good-default" / "host.dts").read_text()
        self.domu = (BOOT / "good-default" / "domU1.dts").read_text()

    def tree(self, text: str, changes: tuple[tuple[str, str], ...]) -> Tree:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return parse_dts(text.encode(), name="test.dts", directory=Path())

    def boot(
        self,
        *changes: tuple[str, str],
        domu: tuple[tuple[str, str], ...] = (),
        trusted: int = 1,
        missing: frozenset[str] = frozenset(),
    ) -> BootResult:
        tree, partial = self.tree(self.host, changes), self.tree(self.domu, domu)
        table = read_firmware(Source("expected.json", (BOOT / "good-default" / "expected.json").read_text()))
        firmware = replace(table, trusted_agent=trusted, unsupported=missing)
        return boot_vector(read_host(tree, partial={"domU1": partial, "domU2": partial}, firmware=firmware))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def boot_folder() -> Callable[[str], tuple[BootResult, dict[str, Any]]]:
    """Boots a boot vector; returns what became of it and what is expected."""

    def boot(name: str) -> tuple[BootResult, dict[str, Any]]:
        expected = (BOOT / name / "expected.json").read_text()
        return boot_vector(read_vector(BOOT / name)), json.loads(expected)

    return boot


@pytest.fixture
def xl_host() -> Model:
    """The host of the xl-create vectors, switched on and not booted yet."""
    return Model(load(VECTORS / "xl-create" / "host.dts"), Firmware(lab_platform(), PROFILES["generic"]))
