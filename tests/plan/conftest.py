"""A folder with a plan, for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plan.boards import Workplace


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """An empty folder for a plan."""
    return Workplace(tmp_path)
