"""Real trees, the DTBs of Debian's arm64 kernel, are no multi-agent hosts, and nothing else is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenscmi.devicetree import load
from xenscmi.diagnostics import Severity
from xenscmi.host.reader import read_host
from xenscmi.rules.engine import check


@pytest.mark.slow
def test_real_trees_have_no_container_and_no_other_finding(debian_dtbs: Path) -> None:
    checked = 0
    for path in sorted(debian_dtbs.rglob("*.dtb")):
        found = check(read_host(load(path)))
        assert [(each.name, each.severity) for each in found] == [("missing-container", Severity.INFO)], path
        checked += 1
    assert checked > 500
