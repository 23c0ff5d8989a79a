"""Debian's arm64 DTBs: nothing is said of a tree without Xen, and nothing false of a domain that gets devices."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from xenscmi.config.constants import PAGE_SHIFT
from xenscmi.devicetree import Tree, load
from xenscmi.devicetree.tree import Node
from xenscmi.diagnostics import Severity
from xenscmi.host.configuration import read_configuration
from xenscmi.host.dom0 import dom0_nodes
from xenscmi.host.passthrough import spis
from xenscmi.host.reader import read_host
from xenscmi.host.registers import pages_of, registers
from xenscmi.rules.engine import check
from xenscmi.source import Source

# What is true of most boards: their devices are dom0's unless the tree says otherwise, share pages and interrupts with
# others, master the bus without an IOMMU, or are where a guest has its RAM or its GIC.
TRUE = {
    "device-left-to-dom0",
    "guest-layout-conflict",
    "missing-container",
    "shared-interrupt",
    "shared-mapping",
    "shared-register-page",
    "untranslatable-device",
    "unprotected-master",
}


@pytest.mark.slow
def test_real_trees_have_no_container_and_no_other_finding(newest_dtbs: Path) -> None:
    checked = 0
    for path in sorted(newest_dtbs.rglob("*.dtb")):
        found = check(read_host(load(path)))
        said = [(each.name, each.severity) for each in found if each.name != "untranslatable-device"]
        assert said == [("missing-container", Severity.INFO)], path
        assert all(each.severity is Severity.INFO for each in found), path
        checked += 1
    assert checked > 1500


def _devices(tree: Tree) -> list[Node]:
    """Return some devices that have registers and interrupts, far apart from each other in the tree."""
    found = [node for node in dom0_nodes(tree) if any(spis(node)) and any(each.size for each in registers(node))]
    return found[:: max(len(found) // 6, 1)]


def _configuration(devices: list[Node]) -> str:
    pages = [pages_of(each.start, each.size) for node in devices for each in registers(node) if each.size]
    iomem = [f'"{start >> PAGE_SHIFT:x},{end - start >> PAGE_SHIFT:x}"' for start, end in pages]
    irqs = [str(number) for node in devices for number, _ in spis(node)]
    paths = [f'"{node.path}"' for node in devices]
    return (
        'name = "guest"\nkernel = "/boot/Image"\nmemory = 64\npassthrough = "enabled"\n'
        f"dtdev = [ {', '.join(paths)} ]\niomem = [ {', '.join(iomem)} ]\nirqs = [ {', '.join(irqs)} ]\n"
    )


@pytest.mark.slow
def test_nothing_false_is_said_of_a_domain_that_has_all_of_its_devices(debian_dtbs: Path) -> None:
    checked = 0
    for path in islice(sorted(debian_dtbs.rglob("*.dtb")), 0, None, 4):
        tree = load(path)
        devices = _devices(tree)
        if not devices:
            continue
        source = Source("guest.cfg", _configuration(devices))
        found = check(read_host(tree, toolstack=[(read_configuration(source), None)]))
        assert {each.name for each in found} - {"refused-by-libxl"} <= TRUE, path
        checked += 1
    assert checked > 100
