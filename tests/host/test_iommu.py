"""IOMMUs as Xen has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenscmi.devicetree import parse_dts
from xenscmi.host.iommu import is_protected, master

TREE = """
/dts-v1/;
/ {
	good: iommu-good { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
	off: iommu-off { compatible = "arm,smmu-v3"; #iommu-cells = <1>; status = "disabled"; };
	other: iommu-other { compatible = "renesas,r8a779g0-ipmmu"; #iommu-cells = <1>; };
	ipmmu: iommu-ipmmu { compatible = "renesas,ipmmu-r8a779g0"; #iommu-cells = <1>; };
	old { compatible = "arm,mmu-400"; mmu-masters = <&by_masters 3>; };
	without { };
	protected { iommus = <&good 1>; };
	twice { iommus = <&ipmmu 1>, <&good 2>; };
	disabled { iommus = <&off 1>; };
	half { iommus = <&good 1>, <&off 2>; };
	driverless { iommus = <&other 1>; };
	dangling { iommus = <0x99 1>; };
	empty { iommus; };
	by_masters: by-masters { };
};
"""


@pytest.mark.parametrize(
    ("name", "protected", "reason", "place"),
    [
        ("without", False, None, ""),
        ("protected", True, None, ""),
        ("twice", True, None, ""),
        ("disabled", False, "/iommu-off is disabled", 'status = "disabled";'),
        ("half", False, "/iommu-off is disabled", 'status = "disabled";'),
        ("driverless", False, "Xen has no driver for /iommu-other", 'compatible = "renesas,r8a779g0-ipmmu";'),
        ("dangling", False, "/dangling: iommus refers to phandle 0x99, which no node has", "iommus = <0x99 1>;"),
        ("empty", False, "iommus is empty", "iommus;"),
        ("by-masters", True, None, ""),
    ],
)
def test_what_protects_a_device(name: str, protected: bool, reason: str | None, place: str) -> None:
    node = parse_dts(TREE.encode(), name="host.dts", directory=Path()).node(f"/{name}")
    assert node is not None
    found = master(node)
    assert is_protected(node) == protected
    assert (found.reason if found else None) == reason
    if found and reason:
        assert found.span.text == place
