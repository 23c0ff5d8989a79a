"""Shared by the device tree's tests: trees from DTS text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xenscmi.devicetree import Tree, parse_dts


@pytest.fixture
def dts(tmp_path: Path) -> Callable[[str], Tree]:
    """Compile a text that lacks only the first line, `/dts-v1/;`, so that its own lines count from 2."""
    return lambda text: parse_dts(f"/dts-v1/;\n{text}".encode(), name="t.dts", directory=tmp_path)
