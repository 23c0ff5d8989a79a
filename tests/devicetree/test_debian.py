"""Real trees: the DTBs of Debian's arm64 kernel, a few of each vendor."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.devicetree.same import same

from xenscmi.bindings.addresses import translate, written_reg
from xenscmi.devicetree import ShapeError, load, read_dtb, write_dtb, write_dts

# Largest, middle and smallest of each vendor.
PICKS = (0.0, 0.5, 1.0)


@pytest.mark.slow
def test_real_trees_load_and_round_trip(debian_dtbs: Path) -> None:
    vendors = [folder for folder in sorted(debian_dtbs.iterdir()) if folder.is_dir()]
    assert len(vendors) >= 10
    for vendor in vendors:
        paths = sorted(vendor.rglob("*.dtb*"), key=lambda path: path.stat().st_size)
        for path in {paths[round(pick * (len(paths) - 1))] for pick in PICKS}:
            tree = load(path)
            done = subprocess.run(["dtc", "-q", "-"], input=write_dts(tree).encode(), capture_output=True, check=True)
            assert same(read_dtb(done.stdout, "through dtc"), tree), path
            assert same(read_dtb(write_dtb(tree), "through libfdt"), tree), path


@pytest.mark.slow
def test_addresses_of_real_trees_are_found(debian_dtbs: Path) -> None:
    found = 0
    for path in sorted(debian_dtbs.glob("renesas/*.dtb")):
        tree = load(path)
        soc = tree.node("/soc")
        for device in soc.children if soc else ():
            if "reg" in device:
                (first, *_) = written_reg(device)
                assert translate(device).address == first.address == int(device.unit_address or "", 16)
                found += 1
    assert found > 1000


@pytest.mark.slow
def test_references_of_real_trees_lead_somewhere(debian_dtbs: Path) -> None:
    found = 0
    for path in sorted(debian_dtbs.glob("renesas/*.dtb"))[:20]:
        for node in load(path).walk():
            clocks = node.get("clocks")
            try:
                found += len(list(clocks.references("#clock-cells"))) if clocks else 0
            except ShapeError as error:
                pytest.fail(f"{path}: {error}")
    assert found > 500
